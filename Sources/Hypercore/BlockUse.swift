/// When the blocks of a feed were read or came last, in runs of neighbors: what is worth keeping.
public struct BlockUse: Sendable, Equatable {
    /// Blocks of one run: 4 MiB of the usual size.
    public static let runBlocks: UInt64 = 64

    /// For each run a time, in whatever unit its owner counts; 0 = never.
    public private(set) var runs: [UInt32]
    /// What a use is noted as.
    public var now: UInt32

    /// As it was kept, or of a feed that nobody has used yet.
    public init(runs: [UInt32] = [], now: UInt32) {
        self.runs = Array(runs.prefix(Limits.useRunsMax))
        self.now = now
    }

    /// When a run was used, by a list of all times; 0 = never. What lies beyond the longest list
    /// shares its last time.
    public static func time(ofRun run: UInt64, in runs: [UInt32]) -> UInt32 {
        let isShared = runs.count >= Limits.useRunsMax
        return run < UInt64(runs.count) ? runs[Int(run)] : isShared ? runs.last ?? 0 : 0
    }

    /// These blocks are used now.
    mutating func touch(_ blocks: Range<UInt64>) {
        guard let last = blocks.last else { return }
        let end = Int(min(last / Self.runBlocks, UInt64(Limits.useRunsMax - 1)))
        let start = Int(min(blocks.lowerBound / Self.runBlocks, UInt64(end)))
        if end >= runs.count {
            runs += [UInt32](repeating: 0, count: end + 1 - runs.count)
        }
        for run in start...end { runs[run] = now }
    }
}

extension Limits {
    /// Runs of a feed whose use is noted: 64 million blocks, 4 MB of memory. Later blocks share
    /// the last one.
    static let useRunsMax = 1 << 20
}

extension Feed {
    /// Notes from now on when blocks are used; `now` is what a use is noted as until the next
    /// call. `kept`: what is known from before, taken by the first call.
    public func noteUse(now: UInt32, kept: [UInt32] = []) {
        core.withLock { core in
            if core.use == nil { core.use = BlockUse(runs: kept, now: now) }
            core.use?.now = now
        }
    }

    /// When blocks were used; `nil` = nobody notes it.
    public var use: BlockUse? { core.withLock { $0.use } }
}
