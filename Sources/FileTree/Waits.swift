import Glibc
import Synchronization

/// Every operation that waits, its deadline, and the end of them all.
final class Waits: Sendable {
    private struct Item: Sendable {
        let pending: Pending
        let volume: Volume
        /// What is read; nil where it is a name or a list that is looked for.
        let inode: Inode?
        var since: ContinuousClock.Instant
        /// It is worked at here: no peer is late.
        var isBusy = false
    }

    private struct State: Sendable {
        var items: [UInt64: Item] = [:]
        var perVolume: [UInt64: Int] = [:]
        var next: UInt64 = 0
        var isSweeping = false
        var isClosed = false
    }

    private let timeout: Duration
    private let timeoutWithoutPeers: Duration
    private let state = Mutex(State())

    init(timeout: Duration, timeoutWithoutPeers: Duration) {
        self.timeout = timeout
        self.timeoutWithoutPeers = min(timeout, timeoutWithoutPeers)
    }

    /// Operations that wait now.
    var count: Int { state.withLock { $0.items.count } }

    /// Files that are waited for, those first that are for the longest time.
    func reads(max count: Int) -> [(inode: Inode, since: ContinuousClock.Instant)] {
        let items = state.withLock { Array($0.items.values) }
        let reads = items.compactMap { item in item.inode.map { ($0, item.since) } }
        return Array(reads.sorted { $0.1 < $1.1 }.prefix(count))
    }

    /// Watches over a wait, for the bytes of `inode` or for names. Nil: it was refused and has
    /// its answer.
    func add(
        _ pending: Pending, on volume: Volume, for inode: Inode? = nil, isBusy: Bool = false
    ) -> UInt64? {
        enum Outcome {
            case added(UInt64, startSweeping: Bool)
            case refused(PosixError)
        }
        let outcome = state.withLock { state -> Outcome in
            if state.isClosed { return .refused(PosixError(EIO, "the mount is being closed")) }
            let waiting = state.perVolume[volume.id, default: 0]
            if waiting >= Limits.waitingOperations {
                return .refused(PosixError(EAGAIN, "\(waiting) operations wait on this drive"))
            }
            state.perVolume[volume.id] = waiting + 1
            state.next += 1
            state.items[state.next] = Item(
                pending: pending, volume: volume, inode: inode, since: .now, isBusy: isBusy)
            defer { state.isSweeping = true }
            return .added(state.next, startSweeping: !state.isSweeping)
        }
        switch outcome {
        case .refused(let error):
            pending.end(error)
            return nil
        case .added(let id, let startSweeping):
            if startSweeping { sweepWhileNeeded() }
            return id
        }
    }

    /// Whether work is under way that is no wait for peers. Its time begins anew after it.
    func setBusy(_ isBusy: Bool, _ id: UInt64) {
        state.withLock { state in
            state.items[id]?.isBusy = isBusy
            state.items[id]?.since = .now
        }
    }

    func remove(_ id: UInt64) {
        state.withLock { state in
            guard let item = state.items.removeValue(forKey: id) else { return }
            let left = state.perVolume[item.volume.id, default: 1] - 1
            state.perVolume[item.volume.id] = left == 0 ? nil : left
        }
    }

    /// Ends every wait; later ones are refused.
    func close() {
        let pending = state.withLock { state in
            state.isClosed = true
            return state.items.values.map(\.pending)
        }
        for wait in pending { wait.end(.interrupted) }
    }

    private func sweepWhileNeeded() {
        // A deadline is met to within a twentieth: nobody counts a time-out in milliseconds.
        let quantum = min(max(timeoutWithoutPeers / 20, .milliseconds(5)), .milliseconds(250))
        Task.detached { [weak self] in
            // Nobody cancels this task: it ends when nobody waits any more.
            repeat { try? await Task.sleep(for: quantum) } while self?.sweep() == true
        }
    }

    /// Ends what is overdue. False when nobody waits any more.
    private func sweep() -> Bool {
        let items = state.withLock { state -> [Item] in
            state.isSweeping = !state.items.isEmpty
            return Array(state.items.values)
        }
        let now = ContinuousClock.now
        for item in items where !item.isBusy {
            let waited = item.since.duration(to: now)
            if waited >= timeout {
                item.pending.end(.timedOut(withPeers: item.volume.hasPeers))
            } else if waited >= timeoutWithoutPeers, !item.volume.hasPeers {
                item.pending.end(.timedOut(withPeers: false))
            }
        }
        return !items.isEmpty
    }
}
