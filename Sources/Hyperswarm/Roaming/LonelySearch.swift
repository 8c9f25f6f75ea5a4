import NIOCore

/// When to look for peers again before it is time, because nobody is connected: those who were
/// found may be out of reach for the moment, and the next search is minutes away. Pure: asked every
/// few seconds.
struct LonelySearch: Sendable {
    private var pause = Limits.Roaming.lonelyPauses.lowerBound
    private var dueAt: NIODeadline?

    /// Whether to look now. `isLonely`: peers are looked for, and nobody is connected.
    mutating func isDue(isLonely: Bool, now: NIODeadline) -> Bool {
        guard isLonely else {
            self = LonelySearch()
            return false
        }
        guard let due = dueAt else {
            dueAt = now + pause
            return false
        }
        guard due <= now else { return false }
        pause = min(pause * 2, Limits.Roaming.lonelyPauses.upperBound)
        dueAt = now + pause
        return true
    }
}
