extension TrieTable {
    /// Decodes and checks: positions rise and lie on the node's own path, slots beyond 4 only
    /// where components end, pointers to older nodes only. The last is what ends every walk.
    init(decoding bytes: [UInt8], seq: UInt64, pathLength: Int) throws(TrieError) {
        guard bytes.count <= SpecLimits.tableBytesMax else {
            throw .corrupt(seq, "its pointer table has \(bytes.count) bytes")
        }
        var reader = VarintReader(bytes)
        guard !reader.isAtEnd else { self.init(); return }
        guard let length = reader.next(), length <= UInt64(pathLength) else {
            throw .corrupt(seq, "its pointer table is longer than its path")
        }
        var buckets: [Bucket] = []
        var pointers: [UInt64] = []
        // What the tables of large tries come to; a good guess saves three of four allocations.
        buckets.reserveCapacity(bytes.count / 8)
        pointers.reserveCapacity(bytes.count / 3)
        var previous = -1
        while !reader.isAtEnd {
            guard let position = reader.next(), position < length, Int(position) > previous,
                let field = reader.next(), field > 0, field <= UInt64(UInt32.max)
            else { throw .corrupt(seq, "its pointer table is out of order") }
            previous = Int(position)
            guard field < 32 || TriePath.isTerminator(previous) else {
                throw .corrupt(seq, "its pointer table has collisions within a name")
            }
            let bucket = Bucket(
                position: previous, slots: UInt32(field), start: pointers.count)
            for _ in 0..<field.nonzeroBitCount {
                guard let pointer = reader.next(), pointer >= 1, pointer < seq else {
                    throw .corrupt(seq, "it points at itself, at the header or at a later block")
                }
                pointers.append(pointer)
            }
            buckets.append(bucket)
        }
        self.init(buckets: buckets, pointers: pointers)
    }

    /// The bytes as every implementation writes them.
    func encoded() -> [UInt8] {
        guard let last = buckets.last else { return [0] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 + 6 * buckets.count + 3 * pointers.count)
        Varint.append(UInt64(last.position + 1), to: &bytes)
        for bucket in buckets {
            Varint.append(UInt64(bucket.position), to: &bytes)
            Varint.append(UInt64(bucket.slots), to: &bytes)
            for index in bucket.start..<bucket.start + bucket.slots.nonzeroBitCount {
                Varint.append(pointers[index], to: &bytes)
            }
        }
        return bytes
    }
}
