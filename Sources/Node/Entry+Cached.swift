import Hypercore
import Hyperdrive

extension Entry {
    /// Bytes of this entry's content that are stored here. Never fetches.
    public var cachedBytes: UInt64 {
        guard stat.kind == .file, let content = try? drive.content(of: stat) else { return 0 }
        let (feed, blocks) = (content.feed, content.blocks)
        let here = feed.localBlocks(in: blocks)
        if here == blocks.count { return content.size }
        if here == 0 { return 0 }
        guard blocks.count <= Limits.countedBlocksMax else {
            return UInt64(Double(content.size) * (Double(here) / Double(blocks.count)))
        }
        let sizes = blocks.lazy.filter(feed.has).map { (try? feed.size(of: $0)) ?? 0 }
        return min(content.size, sizes.reduce(0, &+))
    }
}
