/// A limit of bytes per second, as a debt: what is taken is owed, and nothing more is taken until
/// it is paid off. So single messages may be of any size, and the average holds.
struct Throttle: Sendable {
    /// Bytes in a second, more than 0.
    let bytesPerSecond: Double
    private var debt: Double = 0
    private var paidUntil: ContinuousClock.Instant

    /// - Parameter bytesPerSecond: 0 is taken for 1.
    init(bytesPerSecond: UInt64, now: ContinuousClock.Instant) {
        self.bytesPerSecond = Double(max(bytesPerSecond, 1))
        paidUntil = now
    }

    /// So many bytes have passed.
    mutating func take(_ count: Int, now: ContinuousClock.Instant) {
        pay(now)
        debt += Double(count)
    }

    /// How long nothing may pass; `nil`: it may now.
    mutating func pause(now: ContinuousClock.Instant) -> Duration? {
        pay(now)
        // Less than a byte is owed by nothing but rounding.
        return debt >= 1 ? .seconds(debt / bytesPerSecond) : nil
    }

    /// What a quiet second would have allowed is not saved up.
    private mutating func pay(_ now: ContinuousClock.Instant) {
        guard now > paidUntil else { return }
        debt = max(0, debt - (now - paidUntil) / .seconds(1) * bytesPerSecond)
        paidUntil = now
    }
}
