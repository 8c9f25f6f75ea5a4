import Synchronization

/// Bytes that went over the network, counted from any thread.
final class Traffic: Sendable {
    private let receivedBytes = Atomic<UInt64>(0)
    private let sentBytes = Atomic<UInt64>(0)

    func received(_ count: Int) {
        receivedBytes.wrappingAdd(UInt64(count), ordering: .relaxed)
    }

    func sent(_ count: Int) { sentBytes.wrappingAdd(UInt64(count), ordering: .relaxed) }

    var totals: (received: UInt64, sent: UInt64) {
        (receivedBytes.load(ordering: .relaxed), sentBytes.load(ordering: .relaxed))
    }
}

/// Bytes per second, smoothed over a few seconds, from totals looked at now and then.
struct Rate {
    private var lastTotal: UInt64 = 0
    private var lastTime: ContinuousClock.Instant?
    /// Bytes per second.
    private(set) var value: Double = 0
    /// After this time a change has reached two thirds of its weight.
    private let window = 3.0

    mutating func sample(total: UInt64, at time: ContinuousClock.Instant) {
        defer {
            lastTotal = total
            lastTime = time
        }
        guard let lastTime, lastTime < time else { return }
        let seconds = (time - lastTime) / .seconds(1)
        let current = Double(total &- lastTotal) / seconds
        let weight = min(1, seconds / window)
        value += (current - value) * weight
    }
}
