import Synchronization

/// What happens in a node, told to all who listen. A listener that does not keep up misses the
/// oldest.
final class EventHub: Sendable {
    private struct State: Sendable {
        var next: UInt64 = 0
        var listeners: [UInt64: AsyncStream<JSONValue>.Continuation] = [:]
        var isFinished = false
    }

    private let state = Mutex(State())

    /// Objects with a member `event`.
    func publish(_ event: JSONValue) {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield(event) }
    }

    /// Everything from now on, until the node ends or the stream is dropped.
    func listen() -> AsyncStream<JSONValue> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: JSONValue.self, bufferingPolicy: .bufferingNewest(Limits.eventsBehindMax))
        let ticket = state.withLock { state -> UInt64? in
            guard !state.isFinished else { return nil }
            state.next += 1
            state.listeners[state.next] = continuation
            return state.next
        }
        guard let ticket else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.listeners[ticket] = nil }
        }
        return stream
    }

    /// Whether anybody would hear.
    var hasListeners: Bool { state.withLock { !$0.listeners.isEmpty } }

    /// Ends every stream.
    func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
