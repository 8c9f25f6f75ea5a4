/// The pointers of a node (docs/spec/hypertrie.md section 5).
///
///     varint length (highest position + 1, 0 when empty)
///     then for each position that has a bucket, in increasing order:
///     varint position | varint bit field of its slots | varint seq for each set bit
///
/// Slot s holds a node whose digit at the position is s mod 5; slots from 5 up are collisions.
struct TrieTable: Sendable {
    /// The non-empty slots of one position; a window on the table's pointers. Eight bytes: caches
    /// hold hundreds of thousands. The limits of keys and tables keep both numbers below 2^16.
    struct Bucket: Sendable {
        /// Bit s is set where slot s has a pointer.
        let slots: UInt32
        private let storedPosition: UInt16
        private let storedStart: UInt16

        init(position: Int, slots: UInt32, start: Int) {
            self.slots = slots
            storedPosition = UInt16(position)
            storedStart = UInt16(start)
        }

        var position: Int { Int(storedPosition) }
        /// Index of the first pointer.
        var start: Int { Int(storedStart) }
    }

    private(set) var buckets: [Bucket] = []
    /// All pointers, bucket by bucket, lowest slot first.
    private(set) var pointers: [UInt64] = []

    /// The empty table.
    init() {}

    init(buckets: [Bucket], pointers: [UInt64]) {
        self.buckets = buckets
        self.pointers = pointers
    }

    /// Index of the first bucket at or after a position.
    func firstBucket(from position: Int) -> Int {
        var low = 0
        var high = buckets.count
        while low < high {
            let middle = (low + high) / 2
            if buckets[middle].position < position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The first position at or after another that has a bucket.
    func position(from start: Int) -> Int? {
        let index = firstBucket(from: start)
        return index < buckets.count ? buckets[index].position : nil
    }

    /// The bucket of a position, if it has one.
    func bucket(at position: Int) -> Bucket? {
        let index = firstBucket(from: position)
        guard index < buckets.count, buckets[index].position == position else { return nil }
        return buckets[index]
    }

    /// The pointer in a slot.
    func pointer(in bucket: Bucket, slot: Int) -> UInt64? {
        guard slot < SpecLimits.slotsMax, bucket.slots >> UInt32(slot) & 1 == 1 else { return nil }
        let below = bucket.slots & ((UInt32(1) << UInt32(slot)) - 1)
        return pointers[bucket.start + below.nonzeroBitCount]
    }

    /// Slots with their pointers, lowest first.
    func entries(of bucket: Bucket) -> [(slot: Int, seq: UInt64)] {
        var found: [(slot: Int, seq: UInt64)] = []
        found.reserveCapacity(bucket.slots.nonzeroBitCount)
        var rest = bucket.slots
        var index = bucket.start
        while rest != 0 {
            found.append((rest.trailingZeroBitCount, pointers[index]))
            rest &= rest - 1
            index += 1
        }
        return found
    }

    /// Pointers in slots digit, digit + 5, ... up to the first empty one.
    func chain(in bucket: Bucket, digit: Int) -> [UInt64] {
        var found: [UInt64] = []
        var slot = digit
        while let seq = pointer(in: bucket, slot: slot) {
            found.append(seq)
            slot += 5
        }
        return found
    }

    /// Pointers in slots digit, digit + 5, ..., holes stepped over.
    func all(in bucket: Bucket, digit: Int) -> [UInt64] {
        stride(from: digit, to: SpecLimits.slotsMax, by: 5).compactMap {
            pointer(in: bucket, slot: $0)
        }
    }
}
