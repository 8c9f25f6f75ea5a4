/// The index section: a tree over the data bytes by which the reference finds missing blocks. We
/// never read it for ourselves, but write it byte for byte (docs/spec/hypercore.md section 5.8).
extension Bitfield {
    mutating func dataByteChanged(_ byte: UInt64, to value: UInt8) {
        let shift = UInt8(6 - 2 * (byte & 3))
        var node = 2 * (byte >> 2)
        let field: UInt8 = value == 0xff ? 3 : value == 0 ? 0 : 1
        var entry = indexByte(node) & ~(3 << shift) | field << shift
        let oldLength = indexLength
        let limit = pageCount * indexBytesPerPage
        while node < limit, setIndexByte(node, entry) {
            entry = combined(node, entry)
            node = FlatTree.parent(node)
        }
        if oldLength != indexLength { relink(8 * oldLength) }
    }

    /// The reference's quirk: it is given a length in bits although it walks index bytes. Nearly
    /// always this does nothing, and then the files depend on it.
    private mutating func relink(_ count: UInt64) {
        for root in FlatTree.fullRoots(blocks: count) {
            var node = root
            var entry = indexByte(node)
            repeat {
                entry = combined(node, entry)
                node = FlatTree.parent(node)
            } while node < indexLength && setIndexByte(node, entry)
        }
    }

    /// The parent's byte: four bits of each child, the left one's on top.
    private func combined(_ node: UInt64, _ entry: UInt8) -> UInt8 {
        let other = squash(indexByte(FlatTree.sibling(node)))
        return FlatTree.isLeft(node) ? squash(entry) << 4 | other : other << 4 | squash(entry)
    }

    /// Each half of the byte becomes two bits: 11 for all ones, 00 for all zeros, else 01.
    private func squash(_ byte: UInt8) -> UInt8 {
        func two(_ half: UInt8) -> UInt8 { half == 0xf ? 3 : half == 0 ? 0 : 1 }
        return two(byte >> 4) << 2 | two(byte & 0xf)
    }
}
