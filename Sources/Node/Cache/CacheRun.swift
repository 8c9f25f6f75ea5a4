import Hypercore

/// A run of neighboring blocks that are kept or dropped together.
struct CacheRun {
    let feed: Feed
    let blocks: Range<UInt64>
    /// Seconds since 1970; 0 = not since anybody looks.
    let lastUse: UInt32
    /// About as many bytes of it are here.
    let bytes: UInt64

    /// All runs of a feed that have blocks here.
    static func all(of feed: Feed, kept: [UInt32]) -> [CacheRun] {
        let (length, total) = feed.lengths
        guard length > 0 else { return [] }
        let use = feed.use?.runs ?? kept
        let average = max(1, total / length)
        var runs: [CacheRun] = []
        var start: UInt64 = 0
        while start < length {
            let end = min(start + BlockUse.runBlocks, length)
            let here = feed.localBlocks(in: start..<end)
            if here > 0 {
                runs.append(
                    CacheRun(
                        feed: feed, blocks: start..<end,
                        lastUse: BlockUse.time(ofRun: start / BlockUse.runBlocks, in: use),
                        bytes: here &* average))
            }
            start = end
        }
        return runs
    }
}
