/// A set of bytes of a file, as few ranges as possible, in order.
struct Extents: Sendable, Equatable {
    private(set) var ranges: [Range<UInt64>] = []

    var isEmpty: Bool { ranges.isEmpty }

    /// Bytes in the set.
    var byteCount: UInt64 { ranges.reduce(0) { $0 + UInt64($1.count) } }

    /// Adds a range; neighbors become one.
    mutating func insert(_ range: Range<UInt64>) {
        guard !range.isEmpty else { return }
        // Nearly every writer goes forward.
        if let last = ranges.last, range.lowerBound >= last.lowerBound {
            if range.lowerBound <= last.upperBound {
                let end = max(last.upperBound, range.upperBound)
                ranges[ranges.count - 1] = last.lowerBound..<end
            } else {
                ranges.append(range)
            }
            return
        }
        let first = firstIndex(endingAtOrAfter: range.lowerBound)
        var end = first
        var merged = range
        while end < ranges.count, ranges[end].lowerBound <= range.upperBound {
            merged =
                min(
                    merged.lowerBound, ranges[end].lowerBound)..<max(
                    merged.upperBound, ranges[end].upperBound)
            end += 1
        }
        ranges.replaceSubrange(first..<end, with: CollectionOfOne(merged))
    }

    /// Takes everything from a position on out.
    mutating func remove(from position: UInt64) {
        while let last = ranges.last, last.upperBound > position {
            ranges.removeLast()
            if last.lowerBound < position { ranges.append(last.lowerBound..<position) }
        }
    }

    /// Cuts a range into pieces that are in the set and pieces that are not, in order.
    func pieces(of range: Range<UInt64>) -> [(range: Range<UInt64>, isInside: Bool)] {
        var pieces: [(range: Range<UInt64>, isInside: Bool)] = []
        var position = range.lowerBound
        var index = firstIndex(endingAtOrAfter: position + 1)
        while position < range.upperBound {
            guard index < ranges.count, ranges[index].lowerBound < range.upperBound else {
                pieces.append((position..<range.upperBound, false))
                break
            }
            let next = ranges[index]
            if next.lowerBound > position { pieces.append((position..<next.lowerBound, false)) }
            let end = min(next.upperBound, range.upperBound)
            pieces.append((max(position, next.lowerBound)..<end, true))
            position = end
            index += 1
        }
        return pieces
    }

    /// Binary search: a file written at random has thousands of ranges.
    private func firstIndex(endingAtOrAfter position: UInt64) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
