import NIOCore

/// Tells from the times that a router calls since its start whether it has started anew: then it
/// has forgotten what we asked for (RFC 6887 section 8.5).
struct RouterClock: Sendable {
    private var last: (epoch: UInt32, at: NIODeadline)?

    /// Takes note of an answer. Returns true when the router has restarted since the last one.
    mutating func restarted(_ epoch: UInt32, now: NIODeadline) -> Bool {
        defer { last = (epoch, now) }
        guard let last else { return false }
        // Its clock may be an eighth too slow, and rounds.
        let elapsed = max(0, (now - last.at).nanoseconds / 1_000_000_000)
        let expected = Int64(last.epoch) + elapsed - elapsed / 8
        return Int64(epoch) + 2 < expected
    }
}
