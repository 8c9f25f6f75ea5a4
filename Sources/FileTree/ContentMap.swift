import Glibc
import HyperCrypto
import Hypercore
import Hyperdrive
import Synchronization

/// Which blocks of the content feed hold which bytes of one file.
///
/// An entry says where its bytes begin and end, not how they are cut. Our own writers cut evenly;
/// then one division finds the block, and the tree confirms it once per block. Uneven files are
/// found by the feed's byte seek. Nothing is trusted unconfirmed: a block that was taken for
/// another would let bytes out that nobody verified.
final class ContentMap: Sendable {
    enum Location: Equatable {
        /// These blocks hold the bytes, says the tree.
        case exact(Range<UInt64>)
        /// The tree nodes that would say so are not here; probably these.
        case guess(Range<UInt64>)
    }

    let feed: Feed
    let blocks: Range<UInt64>
    private let base: UInt64
    private let size: UInt64

    private struct State: Sendable {
        /// Bytes of all blocks but the last; nil = they differ.
        var evenSize: UInt64?
        /// Bit per block: evenly cut, says the tree.
        var confirmed: [UInt64: UInt64] = [:]
        /// Begin and end of the file are where the entry says (docs/spec/hyperdrive.md section 11).
        var isStartChecked = false
        var isEndChecked = false
        /// How often that was tried.
        var checks = 0
    }

    private let state: Mutex<State>

    init(feed: Feed, stat: Stat) throws(PosixError) {
        let (end, overflow) = stat.offset.addingReportingOverflow(stat.blocks)
        let (byteEnd, byteOverflow) = stat.byteOffset.addingReportingOverflow(stat.size)
        guard !overflow, !byteOverflow, end <= Limits.integer, byteEnd <= Limits.integer,
            stat.blocks > 0 || stat.size == 0
        else { throw PosixError(EIO, "the entry's numbers contradict each other") }
        self.feed = feed
        blocks = stat.offset..<end
        base = stat.byteOffset
        size = stat.size
        state = Mutex(State(evenSize: Self.evenSize(size: stat.size, blocks: stat.blocks)))
    }

    /// Sizes that writers use, then the mean.
    private static func evenSize(size: UInt64, blocks: UInt64) -> UInt64? {
        guard blocks > 0, size > 0 else { return nil }
        if blocks == 1 { return size }
        let mean = size / blocks + (size % blocks == 0 ? 0 : 1)
        let candidates: [UInt64] = [16, 19, 20, 15, 17, 18, 14, 13, 12].map { 1 << $0 } + [mean]
        return candidates.first { size / $0 + (size % $0 == 0 ? 0 : 1) == blocks }
    }

    /// The blocks of a non-empty range of bytes within the file.
    func locate(_ range: Range<UInt64>) throws -> Location {
        try check()
        if let first = try block(of: range.lowerBound),
            let last = try block(of: range.upperBound - 1), first <= last
        {
            return .exact(first..<last + 1)
        }
        return .guess(guess(range))
    }

    /// Most probable blocks, without asking anybody.
    func guess(_ range: Range<UInt64>) -> Range<UInt64> {
        let count = UInt64(blocks.count)
        let even = state.withLock { $0.evenSize } ?? max(1, size / max(1, count))
        let first = min(range.lowerBound / even, count - 1)
        let last = min(max(first, (range.upperBound - 1) / even), count - 1)
        return blocks.lowerBound + first..<blocks.lowerBound + last + 1
    }

    /// Absolute position in the content feed.
    func position(of byte: UInt64) -> UInt64 { base + byte }

    /// The block of one byte of the file; nil = the tree nodes for it are not here.
    private func block(of byte: UInt64) throws -> UInt64? {
        if let even = state.withLock({ $0.evenSize }) {
            let index = byte / even
            if isConfirmed(index) { return blocks.lowerBound + index }
            switch try confirm(index, even: even) {
            case true?: return blocks.lowerBound + index
            case nil: return nil
            case false?: state.withLock { $0.evenSize = nil }
            }
        }
        guard feed.length >= blocks.upperBound else { return nil }
        switch try feed.seek(byte: base + byte, within: blocks) {
        case .found(let block, _) where blocks.contains(block): return block
        case .found: throw PosixError(EIO, "the entry's bytes are outside of its blocks")
        case .needs: return nil
        }
    }

    private func isConfirmed(_ index: UInt64) -> Bool {
        state.withLock { $0.confirmed[index / 64, default: 0] >> (index % 64) & 1 == 1 }
    }

    /// True: block `index` is where even cutting puts it. Nil: cannot be said yet.
    private func confirm(_ index: UInt64, even: UInt64) throws -> Bool? {
        let block = blocks.lowerBound + index
        guard blocks.contains(block) else {
            throw PosixError(EIO, "the entry's size is beyond its blocks")
        }
        guard block < feed.length, let start = try feed.byteOffset(of: block),
            let bytes = try feed.size(of: block)
        else { return nil }
        let from = index * even
        guard start == base + from, bytes == min(even, size - from) else { return false }
        state.withLock { state in
            if state.confirmed.count >= Limits.confirmedWords { state.confirmed = [:] }
            state.confirmed[index / 64, default: 0] |= 1 << (index % 64)
        }
        return true
    }

    /// The file's bytes begin and end at block boundaries, as far as can be told by now.
    private func check() throws {
        let (start, end, tries) = state.withLock { state in
            if !(state.isStartChecked && state.isEndChecked) { state.checks += 1 }
            return (state.isStartChecked, state.isEndChecked, state.checks)
        }
        guard !(start && end), !blocks.isEmpty, feed.length >= blocks.upperBound else { return }
        // Whoever has a block has the tree nodes around it. Before that they may be here as well,
        // which is worth some tries, but not reading the tree file for each read to come.
        let isEarly = tries < Limits.earlyChecks
        if !start, isEarly || feed.has(blocks.lowerBound),
            let position = try feed.byteOffset(of: blocks.lowerBound)
        {
            guard position == base else {
                throw PosixError(EIO, "the entry's bytes do not begin at its first block")
            }
            state.withLock { $0.isStartChecked = true }
        }
        if !end, isEarly || feed.has(blocks.upperBound - 1),
            let position = try feed.byteOffset(of: blocks.upperBound - 1),
            let bytes = try feed.size(of: blocks.upperBound - 1)
        {
            guard position + bytes == base + size else {
                throw PosixError(EIO, "the entry's bytes do not end at its last block")
            }
            state.withLock { $0.isEndChecked = true }
        }
    }
}
