import CoreMetrics
import Dispatch
import Glibc
import HyperCrypto
import Hypercore
import Hyperdrive
import Synchronization

/// The cap on what is kept of other people's files (DESIGN.md section 4): when there is more, runs
/// of blocks go that were not used for the longest time. Own and pinned ones never go, nor do
/// names and descriptions, nor what was used within the last seconds.
final class CacheKeeper: Sendable {
    private struct State: Sendable {
        var limit: UInt64?
        var useFile: UseFile?
        /// Content feeds of drives that are not ours, and what is here of them.
        var contents: [PublicKey: UInt64] = [:]
        var ticks = 0
        var isStopped = false
    }

    private let engine: @Sendable () -> Engine?
    private let evictions = Counter(label: "hyperfs_cache_evictions_total")
    private let grace: UInt32
    private let interval: Double?
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "hyperfs.cache", qos: .utility)

    /// No cap yet. `grace`: seconds for which what was used stays, whatever the cap; `interval`:
    /// seconds between two looks, `nil` = only when told to.
    init(
        grace: UInt32 = Limits.cacheGraceSeconds, interval: Double? = Limits.cacheTickSeconds,
        engine: @escaping @Sendable () -> Engine?
    ) {
        self.grace = grace
        self.interval = interval
        self.engine = engine
    }

    /// The cap in bytes; `nil` = there is none.
    var limit: UInt64? { state.withLock { $0.limit } }

    /// Bytes of other people's files that are here; `nil`: nobody has counted them, for there is
    /// no cap.
    var bytes: UInt64? {
        state.withLock { $0.limit == nil ? nil : $0.contents.values.reduce(0, +) }
    }

    /// Sets the cap. It is the store's: the last one who says so counts.
    func limit(to bytes: UInt64) {
        let isFirst = state.withLock { state in
            defer { state.limit = bytes }
            return state.limit == nil && !state.isStopped
        }
        guard isFirst else { return }
        queue.async { [self] in begin() }
    }

    private func begin() {
        guard let engine = engine() else { return }
        let file = UseFile(store: engine.configuration.store)
        state.withLock { $0.useFile = file }
        findContents(engine)
        soon()
    }

    private func soon() {
        guard let interval, !state.withLock({ $0.isStopped }) else { return }
        queue.asyncAfter(deadline: .now() + interval) { [weak self] in
            guard let self, !state.withLock({ $0.isStopped }) else { return }
            tick()
            soon()
        }
    }

    /// Ends; what is known of the use is kept.
    func stop() {
        let isUsed = state.withLock { state in
            state.isStopped = true
            return state.limit != nil
        }
        if isUsed { queue.sync { save() } }
    }

    /// Looks once, now. Bytes that were freed. On the queue of the keeper, or in a test.
    @discardableResult
    func tick() -> UInt64 {
        guard let engine = engine(), let limit else { return 0 }
        let now = UInt32(clamping: time(nil))
        var total: UInt64 = 0
        for feed in contents(in: engine) {
            feed.noteUse(now: now, kept: kept(feed.key))
            let bytes = feed.localBytes
            state.withLock { $0.contents[feed.key] = bytes }
        }
        total = state.withLock { $0.contents.values.reduce(0, +) }
        let ticks = state.withLock { state in
            state.ticks += 1
            return state.ticks
        }
        if ticks % Limits.cacheSaveTicks == 0 { save() }
        guard total > limit else { return 0 }
        do {
            return try free(total - limit / 10 * 9, in: engine, now)
        } catch {
            engine.configuration.logger.warning("making room in the cache: \(error)")
            return 0
        }
    }

    /// Frees that many bytes, the longest unused first.
    private func free(_ bytes: UInt64, in engine: Engine, _ now: UInt32) throws -> UInt64 {
        let pinned = try engine.pinnedBlocks()
        var runs: [CacheRun] = []
        for key in state.withLock({ Array($0.contents.keys) }) {
            guard let feed = try? engine.store.feed(key: key), !feed.isWritable else { continue }
            runs += CacheRun.all(of: feed, kept: kept(key))
        }
        runs.sort { $0.lastUse < $1.lastUse }
        var chosen = BlockSet()
        var expected: UInt64 = 0
        for run in runs where expected < bytes {
            // A clock that was set back makes everything recent for a while, not for ever.
            guard run.lastUse > now || run.lastUse &+ grace <= now else { continue }
            guard !pinned.intersects(run.blocks, of: run.feed) else { continue }
            chosen.add([run.blocks], of: run.feed)
            expected &+= run.bytes
        }
        var freed: UInt64 = 0
        for part in chosen.parts {
            let before = part.feed.localBytes
            try part.feed.clear(part.ranges)
            evictions.increment(by: part.ranges.count)
            let after = part.feed.localBytes
            freed += before - min(before, after)
            state.withLock { $0.contents[part.feed.key] = after }
        }
        if freed > 0 { engine.configuration.logger.info("cache: \(freed) bytes dropped") }
        return freed
    }

    /// All drives of the store, open or not.
    private func findContents(_ engine: Engine) {
        let keys = (try? engine.store.storedKeys()) ?? []
        for key in keys.prefix(Limits.cacheDrivesMax) where !engine.store.owns(key) {
            guard let drive = try? Drive(store: engine.store, key: key),
                let content = try? drive.content(), !content.isWritable
            else { continue }
            let bytes = content.localBytes
            state.withLock { $0.contents[content.key] = bytes }
        }
    }

    /// Those that are open now.
    private func contents(in engine: Engine) -> [Feed] {
        let known = engine.store.companionKeys
        return engine.store.openFeeds.filter { known.contains($0.key) && !$0.isWritable }
    }

    private func kept(_ key: PublicKey) -> [UInt32] {
        state.withLock { $0.useFile?.runs[key] ?? [] }
    }

    private func save() {
        guard let engine = engine() else { return }
        var file = state.withLock { $0.useFile }
        for feed in contents(in: engine) { file?.runs[feed.key] = feed.use?.runs ?? [] }
        state.withLock { $0.useFile = file }
        do {
            try file?.save()
        } catch {
            engine.configuration.logger.info("remembering the use of blocks: \(error)")
        }
    }
}

extension Limits {
    /// How often the cap is looked at: what comes in between may be too much.
    static let cacheTickSeconds: Double = 1
    /// What was used so recently stays: a reader must get what he waited for.
    static let cacheGraceSeconds: UInt32 = 10
    /// Every so many looks the use is saved.
    static let cacheSaveTicks = 60
    /// Drives whose content counts.
    static let cacheDrivesMax = 10_000
    /// The file of the use.
    static let useBytesMax = 32 << 20
}
