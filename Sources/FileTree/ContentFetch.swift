import Glibc
import Hypercore
import Synchronization

/// Fetches the blocks of one read: those that probably hold the bytes first, since mostly they do;
/// tree nodes only where that was wrong.
///
/// Runs on whatever thread brings the next answer and holds none while it waits.
final class ContentFetch: Sendable {
    private let file: OpenFile
    private let range: Range<UInt64>
    private let volume: Volume
    private let timeout: Duration
    private let pending: Pending
    private let reply: Tree.Reply<Void>
    private let over: @Sendable () -> Void

    private struct State: Sendable {
        var rounds = 0
        var hasGuessed = false
        var demand: (feed: Feed, id: DemandID)?
        var isOver = false
    }

    private let state = Mutex(State())

    init(
        file: OpenFile, range: Range<UInt64>, volume: Volume, timeout: Duration, pending: Pending,
        reply: @escaping Tree.Reply<Void>, over: @escaping @Sendable () -> Void
    ) {
        self.file = file
        self.range = range
        self.volume = volume
        self.timeout = timeout
        self.pending = pending
        self.reply = reply
        self.over = over
    }

    /// `reply` gets the success, the pending's own closure every failure; `over` is called with
    /// either.
    func begin() {
        pending.onStop { self.stop() }
        do {
            let map = try file.map()
            proceed(map)
        } catch is MissingBlocks {
            findContent()
        } catch {
            pending.end(PosixError(error))
        }
    }

    /// The drive's header first: it names the content feed.
    private func findContent() {
        let task = Task.detached { [self] in
            do {
                proceed(try await resolve(timeout: timeout) { try self.file.map() })
            } catch {
                pending.end(PosixError(error, isOffline: volume.isOffline))
            }
        }
        pending.onStop {
            task.cancel()
            self.stop()
        }
    }

    private func stop() {
        let demand = state.withLock { state in
            state.isOver = true
            defer { state.demand = nil }
            return state.demand
        }
        if let (feed, id) = demand { feed.network?.withdraw(id) }
        over()
    }

    /// One round after another, until the bytes are here. A round that is met at once goes on in
    /// this loop, so that the stack does not grow with the rounds.
    private func proceed(_ map: ContentMap) {
        while true {
            do {
                guard let target = try next(map) else { return finish() }
                guard begin(target, of: map) else { return }
            } catch {
                return pending.end(PosixError(error, isOffline: map.feed.network == nil))
            }
        }
    }

    private func finish() {
        do {
            try pending.answer(reply) {}
        } catch {
            pending.end(PosixError(error))
        }
        over()
    }

    /// What is to be fetched next; nil = all is here.
    private func next(_ map: ContentMap) throws -> Demand.Target? {
        let (rounds, hasGuessed) = state.withLock { state in
            state.rounds += 1
            return (state.rounds, state.hasGuessed)
        }
        guard rounds <= Limits.readRounds else {
            throw PosixError(EIO, "the blocks of this read are asked for again and again")
        }
        switch try map.locate(range) {
        case .exact(let blocks):
            return map.feed.firstMissing(in: blocks).map { .blocks($0..<blocks.upperBound) }
        case .guess(let blocks):
            if !hasGuessed, let first = map.feed.firstMissing(in: blocks) {
                state.withLock { $0.hasGuessed = true }
                return .blocks(first..<blocks.upperBound)
            }
            return try nodes(map)
        }
    }

    /// The tree nodes by which the ends of the range are found.
    private func nodes(_ map: ContentMap) throws -> Demand.Target {
        guard map.feed.length >= map.blocks.upperBound else {
            return .length(atLeast: map.blocks.upperBound)
        }
        for byte in [range.lowerBound, range.upperBound - 1] {
            let position = map.position(of: byte)
            if case .needs = try map.feed.seek(byte: position, within: map.blocks) {
                return .byte(position, within: map.blocks)
            }
        }
        throw PosixError(EIO, "the entry's bytes are not where its blocks are")
    }

    /// True: met at once, on this thread.
    private func begin(_ target: Demand.Target, of map: ContentMap) -> Bool {
        let turn = Turn()
        let demand = Demand(target, timeout: timeout)
        let id = map.feed.fetch(demand) { [self] result in
            switch result {
            case .failure(let error):
                pending.end(PosixError(error, isOffline: map.feed.network == nil))
            case .success:
                // Whoever comes second, this answer or the return of `fetch`, goes on.
                if !turn.isFirst() { proceed(map) }
            }
        }
        if let id {
            let isOver = state.withLock { state in
                if !state.isOver { state.demand = (map.feed, id) }
                return state.isOver
            }
            if isOver { map.feed.network?.withdraw(id) }
        }
        return !turn.isFirst() && !pending.isDone
    }
}

/// Lets two threads find out who came first.
private final class Turn: Sendable {
    private let isTaken = Atomic<Bool>(false)

    func isFirst() -> Bool { !isTaken.exchange(true, ordering: .acquiringAndReleasing) }
}
