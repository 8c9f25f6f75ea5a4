import Hypercore

/// Asks peers for the blocks that a copy will need next: neighbors of many files in one demand,
/// never more than a window ahead of what was copied.
struct LookAhead {
    private struct Step {
        let feed: Feed
        var range: Range<UInt64>
    }

    private var steps: [Step] = []
    private var next = 0
    private var blocksAhead: UInt64 = 0

    /// Will be needed after everything that was added before.
    mutating func add(_ range: Range<UInt64>, of feed: Feed) {
        var rest = range
        while !rest.isEmpty {
            let isNeighbor =
                steps.last.map { $0.feed === feed && $0.range.upperBound == rest.lowerBound }
                ?? false
            let room =
                isNeighbor
                ? Limits.copyAheadStep
                    - min(
                        Limits.copyAheadStep, UInt64(steps[steps.count - 1].range.count)) : 0
            let count = min(UInt64(rest.count), room > 0 ? room : Limits.copyAheadStep)
            let end = rest.lowerBound + count
            if room > 0 {
                steps[steps.count - 1].range = steps[steps.count - 1].range.lowerBound..<end
            } else {
                steps.append(Step(feed: feed, range: rest.lowerBound..<end))
            }
            rest = end..<rest.upperBound
        }
    }

    /// So many blocks more are copied: asks for as many further on.
    mutating func consumed(_ blocks: UInt64) {
        blocksAhead -= min(blocksAhead, blocks)
        while next < steps.count {
            let step = steps[next]
            // With a full disk there is room in memory for little: what comes too early is lost.
            let ahead = step.feed.isPassingBlocks ? Limits.copyAheadStep : Limits.copyAheadBlocks
            guard blocksAhead < ahead else { return }
            next += 1
            blocksAhead += UInt64(step.range.count)
            guard !step.feed.hasAll(step.range) else { continue }
            step.feed.fetch(Demand(.blocks(step.range), priority: .readAhead)) { _ in }
        }
    }
}
