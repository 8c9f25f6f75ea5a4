/// How often a command tries for a store that somebody has: as long as it may be a passing thing.
public struct StoreAttempts: Sendable {
    private let deadline = ContinuousClock.now + Limits.lockPatience

    /// From now on.
    public init() {}

    /// Returns when it is time to try again; throws the error when there is no more time.
    public func again(after error: NodeError) async throws {
        guard ContinuousClock.now < deadline else { throw error }
        try await Task.sleep(for: Limits.nodeStartTick)
    }
}
