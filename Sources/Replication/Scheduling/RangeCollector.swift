/// Collects ranges, joining neighbours, up to a number; beyond it only remembers that there were
/// more.
struct RangeCollector {
    let limit: Int
    private(set) var ranges: [Range<UInt64>] = []
    /// There were too many: what was collected is not all.
    private(set) var overflowed = false

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { ranges.isEmpty && !overflowed }

    mutating func insert(_ range: Range<UInt64>) {
        guard !range.isEmpty, !overflowed else { return }
        if let last = ranges.last, range.lowerBound >= last.lowerBound,
            range.lowerBound <= last.upperBound
        {
            let end = max(last.upperBound, range.upperBound)
            ranges[ranges.count - 1] = last.lowerBound..<end
            return
        }
        guard ranges.count < limit else {
            overflowed = true
            ranges = []
            return
        }
        ranges.append(range)
    }

    /// All ranges, sorted and joined, and starts anew.
    mutating func take() -> [Range<UInt64>] {
        let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
        self = RangeCollector(limit: limit)
        var joined = RangeCollector(limit: limit)
        for range in sorted { joined.insert(range) }
        return joined.ranges
    }
}
