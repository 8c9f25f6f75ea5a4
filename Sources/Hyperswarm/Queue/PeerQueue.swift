import HyperCrypto
import NIOCore

/// Whom to dial, and when: candidates of all sources, each address once, with what is known of
/// it (docs/spec/swarm.md 4). Pure: knows no sockets. The owner dials whatever `next` gives it,
/// tells how it went, and calls `advance` at `nextDeadline`.
struct PeerQueue: Sendable {
    /// What an address is doing.
    enum Phase: Hashable, Sendable {
        case queued
        case dialing(since: NIODeadline)
        case connected(since: NIODeadline)
        /// Another address of the same peer is being tried, or was a moment ago.
        case standby(until: NIODeadline)
        /// Between two attempts.
        case waiting(until: NIODeadline)
        /// Not tried again; forgotten at a time, or never.
        case givenUp(forgetAt: NIODeadline?)
        /// A better connection to the same peer serves.
        case resting
    }

    struct Entry: Sendable {
        var record: PeerRecord
        var origin: Swarm.PeerOrigin
        var phase = Phase.queued
        var topics: Set<Bytes32> = []
        var marker: Bytes32?
        var referrer: Endpoint?
        var lastAttempt: NIODeadline?
        /// Whether somebody there has spoken our protocol.
        var isOurs = false

        /// Given by hand: never given up, never behind the others.
        var isGiven: Bool { origin == .given }
        /// Whether it stands above those of the rest of the world.
        var isNear: Bool { isGiven || origin == .lan }
        var priority: Int { isGiven ? Limits.Queue.givenPriority : record.priority }
        /// Whether it takes a place among dials and connections.
        var isOccupied: Bool {
            switch phase {
            case .dialing, .connected: true
            default: false
            }
        }
    }

    private(set) var entries: [Swarm.Address: Entry] = [:]
    private(set) var topics: Set<Bytes32> = []
    private(set) var dialsUnderWay = 0
    /// Attempts that have ended, either way, since the start (4.7).
    private(set) var attemptsEnded = 0
    /// Connections that others began.
    private var accepted = 0
    private var acceptedByHost: [String: Int] = [:]
    private var banned: [Swarm.Address] = []
    private var random: any RandomNumberGenerator & Sendable

    init(random: any RandomNumberGenerator & Sendable) { self.random = random }

    // MARK: - What there is

    /// Whether a connection that we began is there for a topic.
    func isConnected(for topic: Bytes32) -> Bool {
        entries.values.contains { entry in
            if case .connected = entry.phase { entry.topics.contains(topic) } else { false }
        }
    }

    /// Connections in all.
    var connectedCount: Int {
        accepted + entries.values.count { if case .connected = $0.phase { true } else { false } }
    }

    /// Addresses that "nobody has it" has to wait for: new or good ones that are not decided yet.
    var promising: Int {
        entries.values.count { entry in
            switch entry.phase {
            case .queued: entry.isGiven || entry.record.isPrioritized
            case .dialing: true
            default: false
            }
        }
    }

    /// An address that was given by hand: dialed until it is dropped. Returns false when it is
    /// known, or there are too many.
    @discardableResult
    mutating func keep(_ address: Swarm.Address, now: NIODeadline) -> Bool {
        if var known = entries[address] {
            guard !known.isGiven else { return false }
            known.origin = .given
            if !known.isOccupied {
                known.phase = .queued
                known.record = PeerRecord(isLocal: true)
                banned.removeAll { $0 == address }
            }
            entries[address] = known
            return true
        }
        guard entries.values.count(where: \.isGiven) < Limits.Queue.givenMax else { return false }
        entries[address] = Entry(record: PeerRecord(isLocal: true), origin: .given)
        return true
    }

    /// An address from a source. Returns true when it is new.
    @discardableResult
    mutating func add(_ candidate: Candidate, now: NIODeadline) -> Bool {
        guard topics.contains(candidate.topic) else { return false }
        if var known = entries[candidate.address] {
            if known.topics.count < Limits.Queue.topicsPerPeerMax {
                known.topics.insert(candidate.topic)
            }
            known.referrer = candidate.referrer ?? known.referrer
            if let marker = candidate.marker, marker != known.marker {
                known.marker = marker
                restart(&known, now: now)
            }
            entries[candidate.address] = known
            return false
        }
        let ofOrigin = entries.values.count {
            $0.origin == candidate.origin && !$0.record.isBanned
        }
        guard ofOrigin < Limits.Queue.candidatesPerOrigin else { return false }
        let record = PeerRecord(
            isLocal: candidate.origin == .lan, isBehindOurAddress: candidate.isBehindOurAddress)
        entries[candidate.address] = Entry(
            record: record, origin: candidate.origin, topics: [candidate.topic],
            marker: candidate.marker, referrer: candidate.referrer)
        return true
    }

    /// Another process is there than the one that did not answer: no reason to wait for it.
    private func restart(_ entry: inout Entry, now: NIODeadline) {
        guard !entry.record.isBanned else { return }
        switch entry.phase {
        case .waiting, .givenUp:
            entry.record = PeerRecord(isLocal: entry.origin == .lan)
            let earliest = entry.lastAttempt.map { $0 + Limits.Queue.attemptPause } ?? now
            entry.phase = earliest <= now ? .queued : .waiting(until: earliest)
        default: break
        }
    }

    /// We are somewhere else: who could not be reached from there may be from here, at once.
    mutating func networkChanged() {
        for (address, entry) in entries where !entry.record.isBanned {
            switch entry.phase {
            case .waiting, .standby, .givenUp:
                // Who is not one of ours is not one here either.
                if entry.origin == .mainline, !entry.isOurs { continue }
                entries[address]?.record = PeerRecord(isLocal: entry.isNear)
                entries[address]?.phase = .queued
            case .queued, .dialing, .connected, .resting: break
            }
        }
    }

    /// Forgets an address.
    mutating func drop(_ address: Swarm.Address) {
        if case .dialing = entries[address]?.phase { dialsUnderWay -= 1 }
        entries[address] = nil
    }

    /// Peers of this topic are wanted.
    mutating func join(_ topic: Bytes32) { topics.insert(topic) }

    /// They no longer are: those that nobody else wants are skipped when their turn comes.
    mutating func leave(_ topic: Bytes32) { topics.remove(topic) }
}

// MARK: - Dialing

extension PeerQueue {
    /// Whom to dial now; `nil` when there is nobody, or no place. Counts as dialing from here on.
    mutating func next(now: NIODeadline) -> Swarm.Address? {
        guard dialsUnderWay < Limits.Queue.dialsMax else { return nil }
        guard dialsUnderWay + connectedCount < Limits.Own.connectionsMax else { return nil }
        let busy = Busy(entries)
        var best: [Swarm.Address] = []
        var priority = -1
        for (address, entry) in entries where entry.phase == .queued {
            if !entry.isGiven, entry.topics.isDisjoint(with: topics) {
                entries[address] = nil
            } else if let until = busy.standby(entry), until > now {
                entries[address]?.phase = .standby(until: until)
            } else if entry.priority >= priority, busy.hasPlace(for: address, entry) {
                if entry.priority > priority { (best, priority) = ([], entry.priority) }
                best.append(address)
            }
        }
        // A dictionary's order is not the same in every run: sorted, a seed gives one run.
        best.sort { $0.description < $1.description }
        guard let chosen = best.randomElement(using: &random) else { return nil }
        entries[chosen]?.record.taken()
        entries[chosen]?.phase = .dialing(since: now)
        entries[chosen]?.lastAttempt = now
        dialsUnderWay += 1
        return chosen
    }

    /// What is taken by dials and connections.
    private struct Busy {
        private var clients = 0
        private var dialsByHost: [String: Int] = [:]
        private var dialsToStrangers = 0
        private var sinceByMarker: [Bytes32: NIODeadline] = [:]

        init(_ entries: [Swarm.Address: Entry]) {
            for (address, entry) in entries {
                let since: NIODeadline
                switch entry.phase {
                case .dialing(let start):
                    dialsByHost[address.host, default: 0] += 1
                    if entry.origin == .mainline { dialsToStrangers += 1 }
                    since = start
                case .connected(let start): since = start
                default: continue
                }
                if !entry.isGiven { clients += 1 }
                if let marker = entry.marker {
                    sinceByMarker[marker] = max(since, sinceByMarker[marker] ?? since)
                }
            }
        }

        func hasPlace(for address: Swarm.Address, _ entry: Entry) -> Bool {
            dialsByHost[address.host, default: 0] < Limits.Queue.dialsPerHostMax
                && (entry.origin != .mainline
                    || dialsToStrangers < Limits.Queue.mainlineDialsMax)
                && (entry.isGiven || clients < Limits.Queue.clientsMax)
        }

        func standby(_ entry: Entry) -> NIODeadline? {
            guard !entry.isGiven, let marker = entry.marker else { return nil }
            return sinceByMarker[marker].map { $0 + Limits.Queue.aliasDelay }
        }
    }

    /// The dial came to nothing.
    mutating func failed(_ address: Swarm.Address, now: NIODeadline) {
        guard case .dialing = entries[address]?.phase else { return }
        dialsUnderWay -= 1
        attemptsEnded += 1
        requeue(address, now: now)
        wakeAliases(of: address)
    }

    /// The other addresses of a peer that is not there, or no longer, have waited for nothing.
    private mutating func wakeAliases(of address: Swarm.Address) {
        guard let marker = entries[address]?.marker else { return }
        for (other, entry) in entries where entry.marker == marker {
            if case .standby = entry.phase { entries[other]?.phase = .queued }
        }
    }

    /// The dial led somewhere.
    mutating func connected(_ address: Swarm.Address, isTCP: Bool, now: NIODeadline) {
        guard case .dialing = entries[address]?.phase else { return }
        dialsUnderWay -= 1
        attemptsEnded += 1
        entries[address]?.record.connected(isTCP: isTCP)
        entries[address]?.phase = .connected(since: now)
    }

    /// Who is there speaks our protocol.
    mutating func identified(_ address: Swarm.Address) { entries[address]?.isOurs = true }

    /// A connection that we began is gone.
    mutating func closed(_ address: Swarm.Address, now: NIODeadline) {
        guard case .connected = entries[address]?.phase, let entry = entries[address] else {
            return
        }
        if entry.origin == .mainline, !entry.isOurs {
            let rest = now + spread(Limits.Queue.strangerRest)
            entries[address]?.phase = .givenUp(forgetAt: rest)
            return
        }
        requeue(address, now: now)
        wakeAliases(of: address)
    }

    private mutating func requeue(_ address: Swarm.Address, now: NIODeadline) {
        guard var entry = entries[address] else { return }
        let classes = Limits.Queue.retryClasses
        var step = entry.record.requeue()
        if entry.isGiven { step = step ?? classes.count - 1 }
        if let step {
            entry.phase = .waiting(until: now + spread(classes[step]))
        } else {
            let rest =
                entry.origin == .mainline && !entry.isOurs
                ? Limits.Queue.strangerRest : Limits.Queue.forgetAfter
            entry.phase = .givenUp(forgetAt: now + spread(rest))
        }
        entries[address] = entry
    }

    private mutating func spread(_ time: TimeAmount) -> TimeAmount {
        let factor = Double.random(in: Limits.Queue.spread, using: &random)
        return .nanoseconds(Int64(Double(time.nanoseconds) * factor))
    }
}

// MARK: - Bans, duplicates and those who come to us

extension PeerQueue {
    /// Never again, whoever names it. Not for addresses given by hand: those are dropped.
    mutating func ban(_ address: Swarm.Address) {
        guard var entry = entries[address], !entry.record.isBanned else { return }
        drop(address)
        guard !entry.isGiven else { return }
        entry.record.ban()
        entry.phase = .givenUp(forgetAt: nil)
        entries[address] = entry
        banned.append(address)
        if banned.count > Limits.Queue.bannedMax { entries[banned.removeFirst()] = nil }
    }

    /// Another connection to the same peer serves: this address is left alone until `wake`.
    mutating func rest(_ address: Swarm.Address) {
        guard entries[address]?.record.isBanned == false else { return }
        if case .dialing = entries[address]?.phase { dialsUnderWay -= 1 }
        entries[address]?.phase = .resting
    }

    /// The connection that served is gone: as new.
    mutating func wake(_ address: Swarm.Address) {
        guard var entry = entries[address], entry.phase == .resting else { return }
        entry.record = PeerRecord(isLocal: entry.isNear)
        entry.phase = .queued
        entries[address] = entry
    }

    /// Whether a connection from a host may stay; then it counts until `left`.
    mutating func accept(_ host: String) -> Bool {
        guard dialsUnderWay + connectedCount < Limits.Own.connectionsMax else { return false }
        let ofHost = acceptedByHost[host, default: 0]
        guard ofHost < Limits.Own.connectionsPerHostMax else { return false }
        acceptedByHost[host] = ofHost + 1
        accepted += 1
        return true
    }

    /// An accepted connection is gone.
    mutating func left(_ host: String) {
        guard let ofHost = acceptedByHost[host] else { return }
        acceptedByHost[host] = ofHost > 1 ? ofHost - 1 : nil
        accepted -= 1
    }
}

// MARK: - Time

extension PeerQueue {
    /// When `advance` has something to do.
    var nextDeadline: NIODeadline? {
        entries.values.lazy.compactMap { entry -> NIODeadline? in
            switch entry.phase {
            case .waiting(let until), .standby(let until): until
            case .givenUp(let forgetAt): forgetAt
            case .queued, .dialing, .connected, .resting: nil
            }
        }.min()
    }

    /// Queues whose wait is over, forgets who was given up.
    mutating func advance(to now: NIODeadline) {
        for (address, entry) in entries {
            switch entry.phase {
            case .waiting(let until) where until <= now:
                let isWelcome = entries[address]?.record.waited() ?? false
                entries[address]?.phase =
                    isWelcome || entry.isGiven ? .queued : .givenUp(forgetAt: now)
            case .standby(let until) where until <= now: entries[address]?.phase = .queued
            case .givenUp(let forgetAt?) where forgetAt <= now: entries[address] = nil
            default: break
            }
        }
    }
}
