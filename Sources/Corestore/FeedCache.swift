import HyperCrypto
import Hypercore

/// The feeds that are open. Each is opened once; those that nobody else holds are closed, least
/// recently used first, when there are too many (docs/spec/corestore.md section 5).
struct FeedCache {
    private struct Slot {
        var feed: Feed
        var lastUse: UInt64
    }

    private var slots: [DiscoveryKey: Slot] = [:]
    private var clock: UInt64 = 0
    private let openMax: Int

    init(openMax: Int = OwnLimits.openFeedsMax) { self.openMax = openMax }

    var feeds: [Feed] { slots.values.map(\.feed) }
    var count: Int { slots.count }

    func contains(_ key: DiscoveryKey) -> Bool { slots[key] != nil }

    mutating func find(_ key: DiscoveryKey) -> Feed? {
        clock += 1
        slots[key]?.lastUse = clock
        return slots[key]?.feed
    }

    /// Keeps a feed; returns those to be closed, which only the caller still holds.
    mutating func insert(_ feed: Feed) -> [Feed] {
        let surplus = slots.count < openMax ? [] : takeUnused()
        clock += 1
        slots[feed.discoveryKey] = Slot(feed: feed, lastUse: clock)
        return surplus
    }

    mutating func removeAll() -> [Feed] {
        defer { slots = [:] }
        return feeds
    }

    /// Takes those of some out that nobody holds.
    mutating func takeUnused(among keys: Set<DiscoveryKey>) -> [Feed] {
        keys.compactMap { key in
            guard var slot = slots.removeValue(forKey: key) else { return nil }
            if isKnownUniquelyReferenced(&slot.feed) { return slot.feed }
            slots[key] = slot
            return nil
        }
    }

    /// Takes the longest unused out, a few at once.
    private mutating func takeUnused() -> [Feed] {
        var taken: [Feed] = []
        let oldest = slots.sorted { $0.value.lastUse < $1.value.lastUse }.map(\.key)
        for key in oldest {
            guard var slot = slots.removeValue(forKey: key) else { continue }
            if isKnownUniquelyReferenced(&slot.feed) {
                taken.append(slot.feed)
                if taken.count == OwnLimits.closedAtOnce { break }
            } else {
                slots[key] = slot
            }
        }
        return taken
    }
}
