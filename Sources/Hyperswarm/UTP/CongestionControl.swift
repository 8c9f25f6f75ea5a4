import NIOCore

/// How many bytes may be under way: a low-priority sender that yields to whoever queues
/// (docs/spec/utp.md 8, RFC 6817), and does not mistake a lossy radio for a full queue.
///
/// It doubles per round trip until a queue shows; then it steers for `targetDelay` of queueing,
/// growing by a packet or a 32nd of the window per round trip below it and shrinking by up to half
/// of it above. A loss beside a queue takes a third of the window, or half beside a long one.
/// Losses without a queue are forgiven up to one in 32: a shallow queue that overflows loses more.
struct CongestionControl {
    /// Bytes that may be in flight.
    private(set) var window: Int
    private(set) var isStarting = true
    /// Doubling ends here: half of what was lost by a timeout.
    private var threshold = Limits.UTP.windowMax
    private var packetBytes: Int
    private var delivered = 0
    private var lost = 0
    /// One answer per round trip: losses of packets sent before this were answered.
    private var answered = NIODeadline.uptimeNanoseconds(0)

    init(packetBytes: Int) {
        self.packetBytes = packetBytes
        window = Limits.UTP.initialPackets * packetBytes
    }

    private var least: Int { Limits.UTP.leastPackets * packetBytes }

    /// Packets have another size from now on.
    mutating func resize(packetBytes: Int) {
        self.packetBytes = packetBytes
        window = max(window, least)
    }

    /// `bytes` in `packets` were delivered while a queue of `delay` microseconds stood. `isFull`:
    /// the window, not the application, was the bound.
    mutating func acknowledged(
        bytes: Int, packets: Int, delay: Int?, roundTrip: TimeAmount?, isFull: Bool,
        now: NIODeadline
    ) {
        count(delivered: packets, lost: 0)
        guard let delay else { return }
        if isStarting {
            start(bytes, delay, roundTrip, isFull, now)
        } else {
            steer(bytes, delay, isFull)
        }
        window = min(max(window, least), Limits.UTP.windowMax)
    }

    private mutating func start(
        _ bytes: Int, _ delay: Int, _ roundTrip: TimeAmount?, _ isFull: Bool, _ now: NIODeadline
    ) {
        if delay > Limits.UTP.slowStartDelay {
            isStarting = false
            answered = now
            // What is above the path's own capacity stands in the queue: take it back.
            let base = Int((roundTrip ?? .zero).nanoseconds / 1000)
            if base > 0 { window = max(window / 2, window / (base + delay) * base) }
        } else if isFull {
            window += bytes
            if window >= threshold { isStarting = false }
        }
    }

    private mutating func steer(_ bytes: Int, _ delay: Int, _ isFull: Bool) {
        let target = Limits.UTP.targetDelay
        let share = min(1, Double(bytes) / Double(window))
        if delay < target {
            guard isFull else { return }
            let step = Double(max(packetBytes, window / 32))
            window += Int(share * step * Double(target - delay) / Double(target) + 0.5)
        } else {
            let excess = min(1, Double(delay - target) / Double(target))
            window -= Int(share * excess * Double(window) / 2)
        }
    }

    /// Packets that were sent at `sentAt` the latest are lost.
    mutating func lost(packets: Int, sentAt: NIODeadline, delay: Int?, now: NIODeadline) {
        count(delivered: 0, lost: packets)
        guard sentAt >= answered else { return }
        let isQueueFull = (delay ?? 0) > Limits.UTP.lossDelay
        let forgiven = Limits.UTP.forgivenLosses + delivered / Limits.UTP.forgivenShare
        guard isQueueFull || lost > forgiven else { return }
        answered = now
        delivered = 0
        lost = 0
        isStarting = false
        let isOverTarget = (delay ?? 0) > Limits.UTP.targetDelay
        window = max(isOverTarget ? window / 2 : window * 7 / 10, least)
        threshold = window
    }

    /// Nothing at all was heard for a timeout.
    mutating func timedOut(flight: Int, now: NIODeadline) {
        threshold = max(flight / 2, least)
        window = packetBytes
        isStarting = true
        answered = now
        delivered = 0
        lost = 0
    }

    private mutating func count(delivered: Int, lost: Int) {
        self.delivered += delivered
        self.lost += lost
        if self.delivered + self.lost > Limits.UTP.lossMemory {
            self.delivered /= 2
            self.lost /= 2
        }
    }
}
