import HyperCrypto
import Hypercore

/// Blocks of several feeds.
struct BlockSet: Sendable {
    /// A feed, and ranges of it: ordered, apart from each other and not empty.
    struct Part: Sendable {
        let feed: Feed
        fileprivate(set) var ranges: [Range<UInt64>]

        /// How many blocks.
        var count: UInt64 { ranges.reduce(0) { $0 + UInt64($1.count) } }
    }

    private var byFeed: [PublicKey: Part] = [:]

    init() {}

    /// Feed by feed.
    var parts: [Part] { byFeed.values.sorted { $0.feed.key.hex < $1.feed.key.hex } }

    /// Adds ranges of a feed in any order.
    mutating func add(_ ranges: [Range<UInt64>], of feed: Feed) {
        let all = (byFeed[feed.key]?.ranges ?? []) + ranges
        let merged = Self.merged(all)
        byFeed[feed.key] = merged.isEmpty ? nil : Part(feed: feed, ranges: merged)
    }

    /// Without those of another set.
    func subtracting(_ other: BlockSet) -> BlockSet {
        var rest = self
        for (key, part) in byFeed {
            guard let taken = other.byFeed[key] else { continue }
            let left = Self.difference(part.ranges, taken.ranges)
            rest.byFeed[key] = left.isEmpty ? nil : Part(feed: part.feed, ranges: left)
        }
        return rest
    }

    /// Whether any block of a range of a feed is in the set.
    func intersects(_ range: Range<UInt64>, of feed: Feed) -> Bool {
        guard let ranges = byFeed[feed.key]?.ranges else { return false }
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= range.lowerBound {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < ranges.count && ranges[low].lowerBound < range.upperBound
    }

    private static func merged(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
        var result: [Range<UInt64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = result.last, range.lowerBound <= last.upperBound {
                result[result.count - 1] =
                    last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }

    private static func difference(
        _ ranges: [Range<UInt64>], _ taken: [Range<UInt64>]
    ) -> [Range<UInt64>] {
        var result: [Range<UInt64>] = []
        var next = taken[...]
        for range in ranges {
            var start = range.lowerBound
            while let hole = next.first, hole.upperBound <= start { next = next.dropFirst() }
            for hole in next {
                guard hole.lowerBound < range.upperBound else { break }
                if hole.lowerBound > start { result.append(start..<hole.lowerBound) }
                start = max(start, hole.upperBound)
            }
            if start < range.upperBound { result.append(start..<range.upperBound) }
        }
        return result
    }
}
