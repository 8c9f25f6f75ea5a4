/// Searching and counting data bits, 64 at a time.
extension Bitfield {
    /// The first block of a range that is not stored.
    func firstMissing(in range: Range<UInt64>) -> UInt64? {
        var block = range.lowerBound
        while block < range.upperBound {
            guard let page = page(block >> 13) else { return block }
            let word = ~page.word(at: Int(block >> 6 & 127) * 8) << (block & 63)
            if word != 0 {
                let found = block + UInt64(word.leadingZeroBitCount)
                return found < range.upperBound ? found : nil
            }
            block = (block | 63) + 1
        }
        return nil
    }

    /// The first block of a range that is stored.
    func firstStored(in range: Range<UInt64>) -> UInt64? {
        var block = range.lowerBound
        while block < range.upperBound {
            guard let page = page(block >> 13) else {
                block = (block | 8191) + 1
                continue
            }
            let word = page.word(at: Int(block >> 6 & 127) * 8) << (block & 63)
            if word != 0 {
                let found = block + UInt64(word.leadingZeroBitCount)
                return found < range.upperBound ? found : nil
            }
            block = (block | 63) + 1
        }
        return nil
    }

    /// The last block before `end` that is stored.
    func lastStored(before end: UInt64) -> UInt64? {
        var end = end
        while end > 0 {
            let block = end - 1
            guard let page = page(block >> 13) else {
                end = block & ~8191
                continue
            }
            let word = page.word(at: Int(block >> 6 & 127) * 8) >> (63 - (block & 63))
            if word != 0 { return block - UInt64(word.trailingZeroBitCount) }
            end = block & ~63
        }
        return nil
    }

    /// How many blocks of a range are stored.
    func count(in range: Range<UInt64>) -> UInt64 {
        var block = range.lowerBound
        var sum = 0
        while block < range.upperBound {
            guard let page = page(block >> 13) else {
                block = (block | 8191) + 1
                continue
            }
            var word = page.word(at: Int(block >> 6 & 127) * 8) << (block & 63)
            let next = (block | 63) + 1
            if next > range.upperBound {
                // The bits behind the range are the lowest ones, after the shift by `block & 63`.
                word &= ~UInt64(0) << (64 - (range.upperBound - block))
            }
            sum += word.nonzeroBitCount
            block = next
        }
        return UInt64(sum)
    }

    /// How many nodes below a bound are marked.
    func countNodes(below end: UInt64) -> UInt64 {
        var sum = 0
        for number in pageNumbers(from: 0) where number << 14 < end {
            guard let page = page(number) else { continue }
            for word in 0..<256 {
                let first = (number << 14) + (UInt64(word) << 6)
                guard first < end else { break }
                let bits = page.word(at: BitPage.treeStart + 8 * word)
                let spare = first + 64 > end ? first + 64 - end : 0
                sum += (bits >> spare).nonzeroBitCount
            }
        }
        return UInt64(sum)
    }

    /// The data bits of a range, whose start is a multiple of 8, as bytes; bits behind the range
    /// are zero, and so are missing pages. The result ends at the last page there is.
    func dataBytes(of range: Range<UInt64>) -> [UInt8] {
        let end = min(range.upperBound, blockBitLength)
        guard range.lowerBound < end else { return [] }
        let count = Int((end - range.lowerBound + 7) / 8)
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let byte = range.lowerBound / 8 + UInt64(done)
            let inPage = Int(byte & 1023)
            let part = min(1024 - inPage, count - done)
            if let page = page(byte >> 10) {
                bytes.replaceSubrange(
                    done..<done + part, with: page.memory[inPage..<inPage + part])
            }
            done += part
        }
        let spare = UInt64(count) * 8 - (end - range.lowerBound)
        if spare > 0 { bytes[count - 1] &= 0xff << UInt8(spare) }
        return bytes
    }
}
