import Hypercore
import Synchronization

extension Trie {
    /// Calls back whenever something at or below a prefix was written, on the thread that brought
    /// it; not for the removal of the last entry there (docs/spec/hypertrie.md section 9.4).
    ///
    /// Blocks that are needed to tell are fetched. Ends with `cancel` or with the last reference.
    public func watch(
        _ prefix: String, hidden: Bool = false, _ changed: @escaping @Sendable (TrieNode) -> Void
    ) throws -> TrieWatch {
        let path = try TriePath(prefix, hidden: hidden)
        let watch = TrieWatch(self, path.key, hidden: hidden, changed)
        watch.start()
        return watch
    }
}

/// A watch on a part of a trie.
public final class TrieWatch: Sendable {
    private struct State {
        var newest: UInt64 = 0
        var isFetching = false
        var observation: Feed.Observation?
    }

    private let trie: Trie
    private let prefix: String
    private let isHidden: Bool
    private let changed: @Sendable (TrieNode) -> Void
    private let state = Mutex(State())

    init(
        _ trie: Trie, _ prefix: String, hidden: Bool,
        _ changed: @escaping @Sendable (TrieNode) -> Void
    ) {
        self.trie = trie
        self.prefix = prefix
        isHidden = hidden
        self.changed = changed
    }

    deinit { cancel() }

    /// No further calls, but for one that is under way.
    public func cancel() {
        let observation = state.withLock { state in
            defer { state.observation = nil }
            return state.observation
        }
        if let observation { trie.feed.stopObserving(observation) }
    }

    func start() {
        // What is there already is no change; what cannot be told yet is found by `look`.
        let now = try? trie.get(prefix, hidden: isHidden, prefix: true)
        state.withLock { $0.newest = now?.seq ?? 0 }
        let observation = trie.feed.observe { [weak self] event in
            if case .grew = event { self?.look() }
        }
        state.withLock { $0.observation = observation }
        look()
    }

    private func look() {
        do {
            guard let node = try trie.get(prefix, hidden: isHidden, prefix: true) else { return }
            let isNew = state.withLock { state in
                guard node.seq > state.newest else { return false }
                state.newest = node.seq
                return true
            }
            if isNew { changed(node) }
        } catch let missing as MissingBlocks {
            fetch(missing)
        } catch {
            // A damaged block: whoever reads there gets the error; the next version is looked at.
        }
    }

    private func fetch(_ missing: MissingBlocks) {
        let isFirst = state.withLock { state in
            defer { state.isFetching = true }
            return !state.isFetching
        }
        guard isFirst else { return }
        if let hint = missing.hint {
            trie.feed.network?.broadcast(hint.payload, extension: hint.extension, of: trie.feed)
        }
        trie.feed.fetch(Demand(missing.target, priority: .readAhead)) { [weak self] result in
            self?.state.withLock { $0.isFetching = false }
            if case .success = result { self?.look() }
        }
    }
}
