import Hypercore
import Synchronization

/// Notices that small files are read one after another (`tar`, `cp -r`), and asks for the blocks
/// behind them: files written in a row are in a row in the content feed too.
///
/// Without it each cold file costs a round trip. It begins with the second file in a row, doubles
/// with each, and stops as soon as a file elsewhere is read.
final class FileRun: Sendable {
    struct State: Sendable {
        /// Where the next file of the run would begin.
        var next: UInt64 = 0
        var files = 0
        var blocks: UInt64 = 0
        var bytes: UInt64 = 0
        /// Asked for up to here.
        var frontier: UInt64 = 0
        var demands: [DemandID] = []
    }

    /// What to do when a file begins to be read.
    struct Step: Equatable, Sendable {
        var wanted: Range<UInt64>?
        var dropped: [DemandID] = []
    }

    private let state = Mutex(State())

    /// Notes that a file is being read from its start. `length` of the content feed.
    func note(file blocks: Range<UInt64>, size: UInt64, bytesMax: UInt64, length: UInt64) -> Step {
        guard !blocks.isEmpty, bytesMax > 0 else { return Step() }
        return state.withLock { state in
            let gap = Limits.runGapBlocks
            let continues =
                state.files > 0 && blocks.lowerBound >= state.next
                && blocks.lowerBound - state.next <= gap
            var step = Step()
            if !continues {
                // The same file again says nothing.
                if state.files > 0, blocks.upperBound == state.next { return step }
                step.dropped = state.demands
                state = State()
            }
            state.files += 1
            state.next = blocks.upperBound
            state.blocks += UInt64(blocks.count)
            state.bytes += size
            state.frontier = max(state.frontier, blocks.upperBound)
            guard state.files >= 2 else { return step }
            step.wanted = state.extend(bytesMax: bytesMax, length: length)
            return step
        }
    }

    func hold(_ demand: DemandID) {
        state.withLock { state in
            // Old demands are met or timed out: forgetting them is enough.
            if state.demands.count >= Limits.readAheadDemands { state.demands.removeFirst() }
            state.demands.append(demand)
        }
    }

    func drop() -> [DemandID] {
        state.withLock { state in
            defer { state = State() }
            return state.demands
        }
    }
}

extension FileRun.State {
    /// Twice what the run has read so far, within the limits.
    mutating func extend(bytesMax: UInt64, length: UInt64) -> Range<UInt64>? {
        let mean = max(1, bytes / max(1, blocks))
        let window = min(2 * blocks, max(1, bytesMax / mean), Limits.runBlocksMax)
        guard frontier - next <= window / 2 else { return nil }
        let end = min(next + window, length)
        guard end > frontier else { return nil }
        defer { frontier = end }
        return frontier..<end
    }
}
