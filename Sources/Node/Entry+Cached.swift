import Hypercore
import Hyperdrive

extension Entry {
    /// Bytes of this entry's content that are stored here. Never fetches.
    public var cachedBytes: UInt64 {
        guard stat.kind == .file, stat.blocks > 0, stat.size > 0 else { return 0 }
        guard let content = try? drive.content() else { return 0 }
        let end = stat.offset.addingReportingOverflow(stat.blocks)
        guard !end.overflow else { return 0 }
        let range = stat.offset..<end.partialValue
        let here = content.localBlocks(in: range)
        if here == stat.blocks { return stat.size }
        if here == 0 { return 0 }
        guard stat.blocks <= Limits.countedBlocksMax else {
            return UInt64(Double(stat.size) * (Double(here) / Double(stat.blocks)))
        }
        let sizes = range.lazy.filter(content.has).map { (try? content.size(of: $0)) ?? 0 }
        return min(stat.size, sizes.reduce(0, &+))
    }
}
