import Synchronization

/// Lines that work leaves behind while it is done: progress now and then, and what it has to say.
/// Any thread may add; who reads too slowly misses lines, and is told how many.
final class LineQueue: Sendable {
    private let stream: AsyncStream<JSONValue>
    private let end: AsyncStream<JSONValue>.Continuation
    private struct State: Sendable {
        var last: ContinuousClock.Instant?
        var missed: UInt64 = 0
    }

    private let state = Mutex(State())

    init() {
        (stream, end) = AsyncStream.makeStream(
            of: JSONValue.self, bufferingPolicy: .bufferingOldest(Limits.linesWaiting))
    }

    /// Something to say that must be heard.
    func add(_ line: JSONValue) {
        if case .dropped = end.yield(line) { state.withLock { $0.missed += 1 } }
    }

    /// Progress, at most four times a second.
    func addProgress(_ line: () -> JSONValue) {
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            if let last = state.last, now - last < Limits.progressInterval { return false }
            state.last = now
            return true
        }
        if isDue { add(line()) }
    }

    /// Does the work, and sends what it says, and then what it came to. Cancelled when the reader
    /// goes away.
    static func answer(
        _ work: @escaping @Sendable (LineQueue) async throws -> JSONValue
    ) -> ControlAnswer {
        .lines { output in
            let queue = LineQueue()
            let task = Task {
                defer { queue.end.finish() }
                return try await work(queue)
            }
            try await withTaskCancellationHandler {
                do {
                    for await line in queue.stream { try await output.send(line) }
                } catch {
                    task.cancel()
                    throw error
                }
                let missed = queue.state.withLock { $0.missed }
                if missed > 0 {
                    let text = JSONValue.string("\(missed) lines more")
                    try await output.send(["event": "note", "text": text])
                }
                try await output.send(try await task.value)
            } onCancel: {
                task.cancel()
            }
        }
    }
}

extension Limits {
    /// Lines of one answer that wait for their reader.
    static let linesWaiting = 10_000
    /// How often progress is told at most.
    static let progressInterval: Duration = .milliseconds(250)
}
