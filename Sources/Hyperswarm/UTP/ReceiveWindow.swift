/// The arriving half of a connection: brings packets into order (docs/spec/utp.md 5).
struct ReceiveWindow {
    /// The last packet of the gapless row.
    private(set) var acknowledged: SequenceNumber
    /// Bytes in order that nobody has taken yet.
    private(set) var ready: [UInt8] = []
    /// Bytes that wait for an earlier packet.
    private(set) var waitingBytes = 0
    private(set) var waitingCount = 0
    /// The peer's last packet, once its end was seen.
    private(set) var end: SequenceNumber?
    private(set) var capacity = Limits.UTP.windowInitial
    private var bytesUntilGrowth = 2 * Limits.UTP.windowInitial
    /// By sequence number modulo the count, a power of two. Empty packets wait as well: an end.
    private var slots: [[UInt8]?] = []

    init(acknowledged: SequenceNumber) { self.acknowledged = acknowledged }

    /// What we still take, for the header.
    var free: Int { max(0, capacity - ready.count - waitingBytes) }
    var isEnded: Bool { end == acknowledged }

    enum Outcome {
        /// In order: bytes may have become ready.
        case delivered
        /// Stored for later, or had already.
        case outOfOrder
        /// Came before.
        case repeated
        /// Not for this window, or no room.
        case dropped
    }

    /// A packet that takes a number of its own. `room`: bytes that all connections together may
    /// still store out of order.
    mutating func accept(
        _ sequence: SequenceNumber, isEnd: Bool, _ payload: UnsafeRawBufferPointer, room: Int
    ) -> Outcome {
        let distance = sequence - acknowledged - 1
        guard distance >= 0 else {
            return distance >= -Limits.UTP.reorderPackets ? .repeated : .dropped
        }
        guard distance < Limits.UTP.reorderPackets else { return .dropped }
        if let end, sequence - end > 0 || (isEnd && sequence != end) { return .dropped }
        if isEnd, end == nil { end = sequence }
        if distance == 0 {
            // Nobody takes the bytes, and the peer knows.
            guard ready.count < capacity else { return .dropped }
            advance(with: payload)
            return .delivered
        }
        return store(sequence, distance, payload, room)
    }

    private mutating func advance(with payload: UnsafeRawBufferPointer) {
        acknowledged = acknowledged + 1
        append(payload)
        while waitingCount > 0, !isEnded {
            let next = Int((acknowledged + 1).value) & (slots.count - 1)
            guard let bytes = slots[next] else { return }
            slots[next] = nil
            waitingCount -= 1
            waitingBytes -= bytes.count
            acknowledged = acknowledged + 1
            bytes.withUnsafeBytes { append($0) }
        }
        if isEnded { forget() }
    }

    private mutating func append(_ payload: UnsafeRawBufferPointer) {
        ready.append(contentsOf: payload)
        bytesUntilGrowth -= payload.count
        if bytesUntilGrowth <= 0, capacity < Limits.UTP.windowMax {
            capacity *= 2
            bytesUntilGrowth = 2 * capacity
        }
    }

    private mutating func store(
        _ sequence: SequenceNumber, _ distance: Int, _ payload: UnsafeRawBufferPointer, _ room: Int
    ) -> Outcome {
        guard payload.count <= min(free, room) else { return .dropped }
        if distance >= slots.count { grow(toHold: distance) }
        let index = Int(sequence.value) & (slots.count - 1)
        guard slots[index] == nil else { return .outOfOrder }
        slots[index] = [UInt8](payload)
        waitingCount += 1
        waitingBytes += payload.count
        return .outOfOrder
    }

    /// Slots are found by number, so a longer row means to place all anew.
    private mutating func grow(toHold distance: Int) {
        var count = max(16, slots.count)
        while count <= distance { count *= 2 }
        var longer = [[UInt8]?](repeating: nil, count: count)
        for step in 0..<slots.count {
            let sequence = acknowledged + 1 + step
            longer[Int(sequence.value) & (count - 1)] =
                slots[Int(sequence.value) & (slots.count - 1)]
        }
        slots = longer
    }

    /// Drops what waits: behind the end there is nothing.
    mutating func forget() {
        slots = []
        waitingCount = 0
        waitingBytes = 0
    }

    /// The bytes in order, which then no longer count against the window.
    mutating func take() -> [UInt8] {
        defer { ready = [] }
        return ready
    }

    /// As `take`, for an owner that wants nothing more.
    mutating func discard() { ready.removeAll(keepingCapacity: true) }

    /// Bytes of the selective acknowledgment, 0 when nothing waits.
    var selectiveAckBytes: Int {
        guard waitingCount > 0 else { return 0 }
        var found = 0
        var step = 1
        while found < waitingCount, step < slots.count {
            if slots[Int((acknowledged + 1 + step).value) & (slots.count - 1)] != nil {
                found += 1
            }
            step += 1
        }
        // Bit 0 stands for the packet after the missing one, which is step 1.
        return min(Limits.UTP.selectiveAckBytes, (step - 1 + 31) / 32 * 4)
    }

    /// Bit i: packet `acknowledged + 2 + i` is here (docs/spec/utp.md 1).
    func writeSelectiveAck(to bytes: UnsafeMutableRawBufferPointer) {
        for index in bytes.indices {
            var byte: UInt8 = 0
            for bit in 0..<8 where 8 * index + bit + 1 < slots.count {
                let sequence = acknowledged + 2 + 8 * index + bit
                if slots[Int(sequence.value) & (slots.count - 1)] != nil { byte |= 1 << bit }
            }
            bytes[index] = byte
        }
    }
}
