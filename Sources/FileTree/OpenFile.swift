import Hypercore
import Hyperdrive
import Synchronization

/// A file that is open: one content from open to close, whatever arrives meanwhile.
final class OpenFile: Sendable {
    /// Where the bytes come from.
    enum Source: Sendable {
        /// Made at open, whole.
        case bytes([UInt8])
        /// Blocks of the drive's content feed, or of another feed when `feed` is given.
        case blocks(Stat, Volume, feed: Feed?)
        /// A file of a drive that can be written: what all its handles see.
        case item(Item, Volume)
    }

    let inode: Inode
    let source: Source
    /// What it was opened for.
    let isWriter: Bool
    private let fixedSize: UInt64

    private struct State: Sendable {
        var map: ContentMap?
        var readAhead: ReadAhead
        var demands: [DemandID] = []
        var isClosed = false
    }

    private let state: Mutex<State>

    init(inode: Inode, source: Source, isWriter: Bool = false, readAheadBytesMax: Int) {
        self.inode = inode
        self.source = source
        self.isWriter = isWriter
        switch source {
        case .bytes(let bytes): fixedSize = UInt64(bytes.count)
        case .blocks(let stat, _, _): fixedSize = stat.size
        case .item: fixedSize = 0
        }
        state = Mutex(State(readAhead: ReadAhead(bytesMax: UInt64(max(0, readAheadBytesMax)))))
    }

    /// Bytes of the file now.
    var size: UInt64 {
        if case .item(let item, _) = source { item.stat.size } else { fixedSize }
    }

    /// The map of the file; throws `MissingBlocks` until the drive's header is here.
    func map() throws -> ContentMap {
        if case .item(let item, _) = source { return try item.map() }
        if let map = state.withLock({ $0.map }) { return map }
        guard case .blocks(let stat, let volume, let feed) = source else {
            throw PosixError.badHandle
        }
        let map = try ContentMap(feed: try feed ?? volume.content(), stat: stat)
        return state.withLock { state in
            // The first one stays: it may have learned already.
            if let first = state.map { return first }
            state.map = map
            return map
        }
    }

    /// The part of a read that is within the file; nil = nothing of it.
    func clamp(_ offset: UInt64, _ count: Int) -> Range<UInt64>? {
        guard offset < size, count > 0 else { return nil }
        return offset..<offset + min(UInt64(count), size - offset)
    }

    /// Notes a read and asks for what the reader will want next.
    func readAhead(after read: Range<UInt64>) {
        let (step, dropped) = state.withLock { state -> (ReadAhead.Step, [DemandID]) in
            guard !state.isClosed else { return (ReadAhead.Step(), []) }
            let step = state.readAhead.note(read)
            guard step.dropsDemands else { return (step, []) }
            defer { state.demands = [] }
            return (step, state.demands)
        }
        guard step.wanted != nil || !dropped.isEmpty, let map = try? map() else { return }
        for demand in dropped { map.feed.network?.withdraw(demand) }
        guard let wanted = step.wanted, wanted.lowerBound < size else { return }
        guard !map.blocks.isEmpty else { return }
        let blocks = map.guess(wanted.lowerBound..<min(wanted.upperBound, size))
        guard let first = map.feed.firstMissing(in: blocks) else { return }
        let demand = Demand(.blocks(first..<blocks.upperBound), priority: .readAhead)
        hold(map.feed.fetch(demand) { _ in }, of: map.feed)
    }

    private func hold(_ demand: DemandID?, of feed: Feed) {
        guard let demand else { return }
        let surplus = state.withLock { state -> DemandID? in
            if state.isClosed { return demand }
            // The oldest are met by now, or behind the reader: forgetting them is enough.
            if state.demands.count >= Limits.readAheadDemands { state.demands.removeFirst() }
            state.demands.append(demand)
            return nil
        }
        if let surplus { feed.network?.withdraw(surplus) }
    }

    /// Withdraws what was asked for ahead.
    func endReadAhead() {
        let (map, demands) = state.withLock { state in
            defer { state.demands = [] }
            state.isClosed = true
            return (state.map, state.demands)
        }
        for demand in demands { map?.feed.network?.withdraw(demand) }
    }
}
