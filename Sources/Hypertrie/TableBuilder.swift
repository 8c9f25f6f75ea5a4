/// Builds the pointer table of a new node. Positions are visited in rising order, so only the
/// last bucket is ever open.
struct TableBuilder {
    private var buckets: [TrieTable.Bucket] = []
    private var pointers: [UInt64] = []
    private var position = -1
    private var slots: UInt32 = 0
    private var open = [UInt64](repeating: 0, count: SpecLimits.slotsMax)

    init() {
        buckets.reserveCapacity(16)
        pointers.reserveCapacity(32)
    }

    /// Stores a pointer at its digit's first free slot, unless the bucket has it already.
    mutating func add(_ seq: UInt64, at position: Int, slot: Int) throws(TrieError) {
        if position != self.position {
            close()
            self.position = position
        }
        var rest = slots
        while rest != 0 {
            if open[rest.trailingZeroBitCount] == seq { return }
            rest &= rest - 1
        }
        var free = slot % 5
        while free < SpecLimits.slotsMax, slots >> UInt32(free) & 1 == 1 { free += 5 }
        guard free < SpecLimits.slotsMax else {
            throw TrieError(
                .tooLarge, "too many names with the same hash in one folder; use another name")
        }
        open[free] = seq
        slots |= 1 << UInt32(free)
    }

    private mutating func close() {
        guard slots != 0 else { return }
        buckets.append(.init(position: position, slots: slots, start: pointers.count))
        while slots != 0 {
            pointers.append(open[slots.trailingZeroBitCount])
            slots &= slots - 1
        }
    }

    mutating func finish() -> TrieTable {
        close()
        return TrieTable(buckets: buckets, pointers: pointers)
    }
}
