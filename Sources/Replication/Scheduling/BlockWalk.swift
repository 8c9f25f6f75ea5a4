import Hypercore

/// The blocks a demand names, as positions `0 ..< count`: a range or a list.
struct BlockWalk {
    private enum Blocks {
        case range(Range<UInt64>)
        case list([UInt64])
    }
    private let blocks: Blocks

    init(_ range: Range<UInt64>) { blocks = .range(range) }
    init(_ list: [UInt64]) { blocks = .list(list) }

    var count: UInt64 {
        switch blocks {
        case .range(let range): range.upperBound - range.lowerBound
        case .list(let list): UInt64(list.count)
        }
    }

    /// The block at a position below `count`.
    func block(at position: UInt64) -> UInt64 {
        switch blocks {
        case .range(let range): range.lowerBound + position
        case .list(let list): list[Int(position)]
        }
    }

    /// The first position at or after `position` whose block is not stored.
    func firstMissing(from position: UInt64, in feed: Feed) -> UInt64? {
        guard position < count else { return nil }
        switch blocks {
        case .range(let range):
            let rest = range.lowerBound + position..<range.upperBound
            return feed.firstMissing(in: rest).map { $0 - range.lowerBound }
        case .list(let list):
            return (Int(position)..<list.count).first { !feed.has(list[$0]) }.map { UInt64($0) }
        }
    }

    /// The first position after `position` that names a block at or after `block`: where to go on
    /// when nobody has what lies between. A list is not sorted, so there it is the next position.
    func position(after position: UInt64, notBelow block: UInt64) -> UInt64 {
        guard case .range(let range) = blocks, block > range.lowerBound + position else {
            return position + 1
        }
        return min(block, range.upperBound) - range.lowerBound
    }

    /// The range that a list lies in, or the range itself; `nil` when there are no blocks.
    var bounds: Range<UInt64>? {
        switch blocks {
        case .range(let range): return range.isEmpty ? nil : range
        case .list(let list):
            guard let low = list.min(), let high = list.max() else { return nil }
            return low..<high + 1
        }
    }
}
