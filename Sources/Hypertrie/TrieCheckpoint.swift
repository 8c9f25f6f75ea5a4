/// An iterator's place as bytes: varint position, varint seq for each entry of its stack, the
/// bottom first (docs/spec/hypertrie.md section 9.1).
enum TrieCheckpoint {
    static func encode(_ stack: [(position: Int, seq: UInt64)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (position, seq) in stack {
            Varint.append(UInt64(position), to: &bytes)
            Varint.append(seq, to: &bytes)
        }
        return bytes
    }

    /// `nil` when it is too long, cut short, or points beyond the newest block or the longest path.
    static func decode(_ bytes: [UInt8], newest: UInt64) -> [(position: Int, seq: UInt64)]? {
        guard bytes.count <= SpecLimits.checkpointBytesMax else { return nil }
        var reader = VarintReader(bytes)
        var stack: [(position: Int, seq: UInt64)] = []
        while !reader.isAtEnd {
            guard let position = reader.next(), position <= UInt64(SpecLimits.pathLengthMax),
                let seq = reader.next(), 1...newest ~= seq
            else { return nil }
            stack.append((Int(position), seq))
        }
        return stack
    }
}
