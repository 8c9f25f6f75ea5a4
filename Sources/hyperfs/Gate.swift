/// A gate that opens once; whoever waits goes on then.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    /// Any thread; twice is once.
    func open() { continuation.finish() }

    /// For one task.
    func wait() async { for await _ in stream {} }
}
