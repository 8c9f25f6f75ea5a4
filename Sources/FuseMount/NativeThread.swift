import Glibc

/// A thread of its own for what blocks: the session's loop and the invalidations. Swift's pool has
/// one thread per core and must never wait.
///
/// `@unchecked Sendable` without a lock: a number to the system, set once; its owner joins or
/// detaches, once.
struct NativeThread: @unchecked Sendable {
    private let thread: pthread_t

    /// Runs `body` at once; nil when the system has no thread left.
    init?(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            box.release()
            return nil
        }
        self.thread = thread
    }

    /// Whether the system gives this process one more.
    static var isToBeHad: Bool {
        guard let thread = NativeThread({}) else { return false }
        thread.join()
        return true
    }

    /// Waits for its end. Once.
    func join() { pthread_join(thread, nil) }

    /// Lets it end by itself.
    func detach() { pthread_detach(thread) }
}
