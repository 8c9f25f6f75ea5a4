import DequeModule
import NIOCore

/// The leaving half of a connection: packets that were cut from the stream and that the peer does
/// not have for certain (docs/spec/utp.md 6 and 7).
///
/// Losses are found by the order of sending: every transmission has a serial number, and a packet
/// is lost when some that were sent later have arrived. That finds a lost repetition as well.
final class SendWindow {
    struct Packet {
        var serial: UInt64 = 0
        var sentAt = NIODeadline.uptimeNanoseconds(0)
        var length: UInt16 = 0
        var transmissions: UInt8 = 0
        var condition = Condition.acknowledged
        var isEnd = false
    }

    enum Condition: UInt8 {
        case inFlight
        /// To be sent again.
        case lost
        case acknowledged
    }

    /// What an acknowledgment told.
    struct News {
        var bytes = 0
        var packets = 0
        /// By the newest packet, if it was sent exactly once.
        var roundTrip: TimeAmount?
        fileprivate var newest: UInt64 = 0
    }

    /// What was found to be lost.
    struct Losses {
        var packets = 0
        /// When the last of them had been sent.
        var sentAt = NIODeadline.uptimeNanoseconds(0)
    }

    /// The oldest packet that is not acknowledged, and the number of the next new one.
    private(set) var first: SequenceNumber
    private(set) var next: SequenceNumber
    /// Payload that is under way, and payload that the peer does not have.
    private(set) var flightBytes = 0
    private(set) var missingBytes = 0
    private(set) var flightPackets = 0

    private var packets: [Packet] = []
    /// The payloads, one slot each.
    private var slab = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var serial: UInt64 = 0
    private var newestArrived: UInt64 = 0
    private var reordering = UInt64(Limits.UTP.reorderingMin)
    /// In order of transmission. Entries whose serial is not the packet's own are history.
    private var order: Deque<(sequence: SequenceNumber, serial: UInt64)> = []
    private var toRepeat: Deque<SequenceNumber> = []

    static let slotBytes = Limits.UTP.datagramBytes - UTPHeader.size

    init(first: SequenceNumber) {
        self.first = first
        next = first
    }

    deinit { slab.deallocate() }

    var count: Int { Int(next.value &- first.value) }
    var isEmpty: Bool { first == next }
    func packet(_ sequence: SequenceNumber) -> Packet { packets[index(sequence)] }

    func payload(_ sequence: SequenceNumber) -> UnsafeRawBufferPointer {
        let index = index(sequence)
        let start = index * Self.slotBytes
        return UnsafeRawBufferPointer(
            rebasing: slab[start..<start + Int(packets[index].length)])
    }

    /// A new packet of the given payload, which `fill` writes. Not sent yet.
    func cut(
        _ length: Int, isEnd: Bool = false, _ fill: (UnsafeMutableRawBufferPointer) -> Void
    ) -> SequenceNumber {
        precondition(length <= Self.slotBytes && count < Limits.UTP.reorderPackets)
        if count == packets.count { grow() }
        let sequence = next
        let index = index(sequence)
        packets[index] = Packet(length: UInt16(length), condition: .lost, isEnd: isEnd)
        let start = index * Self.slotBytes
        fill(UnsafeMutableRawBufferPointer(rebasing: slab[start..<start + length]))
        next = next + 1
        missingBytes += length
        return sequence
    }

    /// The packet leaves now, for the first time or again.
    func sent(_ sequence: SequenceNumber, now: NIODeadline) {
        let index = index(sequence)
        if packets[index].condition != .inFlight {
            packets[index].condition = .inFlight
            flightBytes += Int(packets[index].length)
            flightPackets += 1
        }
        serial += 1
        packets[index].serial = serial
        packets[index].sentAt = now
        packets[index].transmissions = min(packets[index].transmissions, .max - 1) + 1
        order.append((sequence, serial))
    }

    /// The next packet that is to be sent again; the same one until it was.
    var nextLost: SequenceNumber? {
        while let sequence = toRepeat.first {
            if isOutstanding(sequence), packet(sequence).condition == .lost { return sequence }
            toRepeat.removeFirst()
        }
        return nil
    }

    /// Nothing came back: all that was under way is lost.
    func loseAll() {
        order.removeAll(keepingCapacity: true)
        toRepeat.removeAll(keepingCapacity: true)
        for step in 0..<count {
            let sequence = first + step
            if packet(sequence).condition == .inFlight { lose(sequence) }
            if packet(sequence).condition == .lost { toRepeat.append(sequence) }
        }
    }

    private func lose(_ sequence: SequenceNumber) {
        let index = index(sequence)
        packets[index].condition = .lost
        flightBytes -= Int(packets[index].length)
        flightPackets -= 1
    }

    func isOutstanding(_ sequence: SequenceNumber) -> Bool {
        sequence - first >= 0 && next - sequence > 0
    }

    private func index(_ sequence: SequenceNumber) -> Int {
        Int(sequence.value) & (packets.count - 1)
    }

    /// Packets are found by number, so a larger window means to place all anew.
    private func grow() {
        let old = (packets, slab)
        let capacity = max(16, packets.count * 2)
        packets = Array(repeating: Packet(), count: capacity)
        slab = .allocate(byteCount: capacity * Self.slotBytes, alignment: 16)
        for step in 0..<old.0.count {
            let sequence = first + step
            let from = Int(sequence.value) & (old.0.count - 1)
            packets[index(sequence)] = old.0[from]
            let target = index(sequence) * Self.slotBytes
            let source = from * Self.slotBytes
            slab[target..<target + Self.slotBytes]
                .copyBytes(from: old.1[source..<source + Self.slotBytes])
        }
        old.1.deallocate()
    }
}

// MARK: - Acknowledgments and losses

extension SendWindow {
    /// Everything before and including `last` arrived, and of the later packets those whose bit is
    /// set. `last` was checked to be of ours. `leastRoundTrip` tells a late arrival of the first
    /// copy from the arrival of a repetition.
    func acknowledge(
        through last: SequenceNumber, bits: UnsafeRawBufferPointer?, leastRoundTrip: TimeAmount?,
        now: NIODeadline
    ) -> News {
        var news = News()
        while last - first >= 0, first != next {
            arrived(first, leastRoundTrip, now, &news)
            first = first + 1
        }
        if let bits {
            for (position, byte) in bits.enumerated() where byte != 0 {
                for bit in 0..<8 where byte & 1 << bit != 0 {
                    let sequence = last + 2 + 8 * position + bit
                    // Bits for packets never sent are a lie or an error.
                    if isOutstanding(sequence) { arrived(sequence, leastRoundTrip, now, &news) }
                }
            }
        }
        newestArrived = max(newestArrived, news.newest)
        if first == next { shrink() }
        return news
    }

    private func arrived(
        _ sequence: SequenceNumber, _ leastRoundTrip: TimeAmount?, _ now: NIODeadline,
        _ news: inout News
    ) {
        let index = index(sequence)
        let packet = packets[index]
        guard packet.condition != .acknowledged else { return }
        if packet.condition == .inFlight {
            flightBytes -= Int(packet.length)
            flightPackets -= 1
        }
        packets[index].condition = .acknowledged
        missingBytes -= Int(packet.length)
        news.bytes += Int(packet.length)
        news.packets += 1
        if packet.transmissions == 1, packet.condition == .inFlight {
            if packet.serial > news.newest {
                news.newest = packet.serial
                news.roundTrip = now - packet.sentAt
            }
        } else if packet.condition == .lost || isTooEarly(packet, leastRoundTrip, now) {
            // An earlier copy was only late: the network reorders more than we thought.
            reordering = min(reordering * 2, UInt64(Limits.UTP.reorderingMax))
        } else if packet.serial > news.newest {
            news.newest = packet.serial
            news.roundTrip = nil
        }
    }

    private func isTooEarly(
        _ packet: Packet, _ leastRoundTrip: TimeAmount?, _ now: NIODeadline
    ) -> Bool {
        guard let leastRoundTrip else { return false }
        return (now - packet.sentAt) * 4 < leastRoundTrip * 3
    }

    /// Packets that newly count as lost. They wait to be sent again.
    func findLosses() -> Losses {
        var losses = Losses()
        while let oldest = order.first {
            let isCurrent =
                isOutstanding(oldest.sequence) && packet(oldest.sequence).serial == oldest.serial
                && packet(oldest.sequence).condition == .inFlight
            if isCurrent {
                guard oldest.serial + reordering <= newestArrived else { break }
                losses.packets += 1
                losses.sentAt = max(losses.sentAt, packet(oldest.sequence).sentAt)
                lose(oldest.sequence)
                toRepeat.append(oldest.sequence)
            }
            order.removeFirst()
        }
        return losses
    }

    /// Gives the memory of a large window back when it is not in use.
    private func shrink() {
        guard packets.count > 1024 else { return }
        packets = []
        slab.deallocate()
        slab = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
}
