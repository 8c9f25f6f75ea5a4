import HyperCrypto
import NIOCore

/// When which topic is looked for or announced in a distributed hash table (docs/spec/swarm.md 2).
/// Pure: the owner begins what `next` gives it, tells what came of it, and comes back at
/// `nextDeadline`.
struct TopicSchedule: Sendable {
    /// What there is to begin.
    struct Run: Hashable, Sendable {
        let topic: Bytes32
        let announce: Bool
    }

    private struct Entry {
        var announce: Bool
        var lookup: Bool
        /// `nil` while it runs.
        var dueAt: NIODeadline?
        var ticket: DHTTicket?
        /// Searches in a row that found nobody.
        var futile = 0
        var hasFound = false
        /// Whether one run has ended.
        var isSettled = false
        /// Whether nodes keep a record of us.
        var isAnnounced = false
    }

    private var entries: [Bytes32: Entry] = [:]
    private var running: [DHTTicket: Bytes32] = [:]
    private let period: ClosedRange<TimeAmount>
    private var random: any RandomNumberGenerator & Sendable

    /// - Parameter period: between the end of a run and the next one.
    init(
        period: ClosedRange<TimeAmount>, random: any RandomNumberGenerator & Sendable
    ) {
        self.period = period
        self.random = random
    }

    /// Whether somebody waits for the first answer about a topic.
    var isSearching: Bool { entries.values.contains { $0.lookup && !$0.isSettled } }

    /// Topics that nodes keep a record of.
    var announced: [Bytes32] { entries.filter { $0.value.isAnnounced }.map(\.key) }

    /// Again replaces what was. Returns `false` when there are too many.
    @discardableResult
    mutating func join(
        _ topic: Bytes32, announce: Bool, lookup: Bool, now: NIODeadline
    ) -> Bool {
        guard announce || lookup else { return false }
        guard entries[topic] != nil || entries.count < Limits.Tables.topics else { return false }
        let old = entries[topic]
        if let ticket = old?.ticket { running[ticket] = nil }
        var entry = Entry(announce: announce, lookup: lookup, dueAt: now)
        entry.isAnnounced = old?.isAnnounced ?? false
        entries[topic] = entry
        return true
    }

    /// Returns whether nodes keep a record of us that should be taken back.
    mutating func leave(_ topic: Bytes32) -> Bool {
        guard let entry = entries.removeValue(forKey: topic) else { return false }
        if let ticket = entry.ticket { running[ticket] = nil }
        return entry.isAnnounced
    }

    /// Everything at once, as after a change of the network.
    mutating func restart(now: NIODeadline) {
        running = [:]
        for topic in entries.keys {
            entries[topic]?.ticket = nil
            entries[topic]?.dueAt = now
            entries[topic]?.futile = 0
        }
    }

    /// What is looked for is looked for at once, unless that is under way.
    mutating func lookAgain(now: NIODeadline) {
        for (topic, entry) in entries where entry.lookup && entry.ticket == nil {
            entries[topic]?.dueAt = min(entry.dueAt ?? now, now)
        }
    }

    /// What to begin now, the longest due first; a few at a time. `began` must follow.
    func next(now: NIODeadline) -> Run? {
        guard running.count < Limits.Tables.runs else { return nil }
        let due = entries.compactMap { topic, entry in
            entry.dueAt.flatMap { $0 <= now ? (at: $0, topic: topic) : nil }
        }
        let first = due.min { ($0.at, $0.topic.hex) < ($1.at, $1.topic.hex) }
        return first.map { Run(topic: $0.topic, announce: entries[$0.topic]?.announce ?? false) }
    }

    /// It runs; without a ticket it could not, and is tried again a little later.
    mutating func began(_ topic: Bytes32, _ ticket: DHTTicket?, now: NIODeadline) {
        guard let ticket else {
            entries[topic]?.dueAt = now + Limits.Tables.eagerPeriods[0]
            return
        }
        running[ticket] = topic
        entries[topic]?.dueAt = nil
        entries[topic]?.ticket = ticket
        entries[topic]?.hasFound = false
    }

    /// Somebody has the topic that this run is about, if it is one of ours and looked for.
    mutating func found(_ ticket: DHTTicket) -> Bytes32? {
        guard let topic = running[ticket] else { return nil }
        entries[topic]?.hasFound = true
        return entries[topic]?.lookup == true ? topic : nil
    }

    /// A run is over.
    mutating func finished(_ ticket: DHTTicket, _ summary: DHTQuerySummary, now: NIODeadline) {
        guard let topic = running.removeValue(forKey: ticket), var entry = entries[topic] else {
            return
        }
        entry.ticket = nil
        entry.isSettled = true
        entry.isAnnounced = entry.isAnnounced || entry.announce && summary.acknowledged > 0
        let eager = Limits.Tables.eagerPeriods
        // Who waits for somebody to come should not wait long, nor one whom nobody can find.
        let isFutile =
            entry.lookup && !entry.hasFound || entry.announce && summary.acknowledged == 0
        entry.futile = isFutile ? entry.futile + 1 : 0
        let isEager = isFutile && entry.futile <= eager.count
        let pause = isEager ? eager[entry.futile - 1] : drawn()
        entry.dueAt = now + pause
        entries[topic] = entry
    }

    /// When `next` has something.
    var nextDeadline: NIODeadline? {
        guard running.count < Limits.Tables.runs else { return nil }
        return entries.values.lazy.compactMap(\.dueAt).min()
    }

    private mutating func drawn() -> TimeAmount {
        let range = period.lowerBound.nanoseconds...period.upperBound.nanoseconds
        return .nanoseconds(Int64.random(in: range, using: &random))
    }
}
