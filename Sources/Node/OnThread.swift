import Foundation

/// Runs blocking work on a thread of its own: the cooperative pool must never wait for a disk or
/// for the kernel's mount. Throws NodeError when the system has no thread left.
func onThread<T: Sendable>(
    _ name: String, _ work: @escaping @Sendable () throws -> T
) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        let hasStarted = WorkThread.start(name) {
            continuation.resume(with: Result { try work() })
        }
        guard !hasStarted else { return }
        continuation.resume(
            throwing: NodeError(
                .failed, "the system has no thread left for this process",
                hint: "unmount something, or raise 'ulimit -u' (TasksMax= of a service)"))
    }
}

/// The same for what must be done before an end: here, when the system has no thread left.
func onThreadOrHere<T: Sendable>(
    _ name: String, _ work: @escaping @Sendable () throws -> T
) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        let hasStarted = WorkThread.start(name) {
            continuation.resume(with: Result { try work() })
        }
        if !hasStarted { continuation.resume(with: Result { try work() }) }
    }
}

/// Threads as the system makes them: Foundation's do not tell when they could not be started.
private enum WorkThread {
    /// As much as a program's first thread has: paths are walked by recursion.
    static let stackBytes = 8 << 20

    private final class Box {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Runs `body` at once, and never when this is false.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(name, body))
        let result = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                let box = Unmanaged<Box>.fromOpaque(context).takeRetainedValue()
                Thread.current.name = box.name
                box.body()
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            box.release()
            return false
        }
        return true
    }
}
