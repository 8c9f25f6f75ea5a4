/// How often a command tries for a store that somebody has: as long as it may be a passing thing.
public struct StoreAttempts: Sendable {
    /// How long it tries.
    public enum Patience: Sendable {
        /// Until a short change is made.
        case usual
        /// Until a node has started.
        case longer
    }

    private let deadline: ContinuousClock.Instant

    /// From now on.
    public init(_ patience: Patience = .usual) {
        let time = patience == .usual ? Limits.lockPatience : Limits.nodeStartTime
        deadline = ContinuousClock.now + time
    }

    /// Returns when it is time to try again; throws the error when there is no more time.
    public func again(after error: NodeError) async throws {
        guard ContinuousClock.now < deadline else { throw error }
        try await Task.sleep(for: Limits.nodeStartTick)
    }

    /// Whether there is no more time.
    public var areOver: Bool { ContinuousClock.now >= deadline }
}
