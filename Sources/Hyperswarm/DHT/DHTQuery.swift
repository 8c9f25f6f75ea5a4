import NIOCore

/// A walk towards a key: asks the nearest nodes known for nearer ones until there are none
/// (docs/spec/dht.md section 7). Knows no messages; its node asks whom it names.
final class DHTQuery<Operation> {
    enum State {
        case waiting
        case asked
        /// Asked a while ago: the walk goes on without it.
        case late
        case answered
        case failed
    }

    struct Candidate {
        let id: DHTKey
        let distance: DHTKey
        let address: DHTAddress
        /// Who told us of it first; `nil` = we knew it.
        let referrer: DHTAddress?
        /// A second node has told us of it.
        var isVouched = false
        var state = State.waiting
        /// To be sent back with an update.
        var token: [UInt8]?
    }

    /// Whom to ask.
    struct Destination {
        let id: DHTKey?
        let address: DHTAddress
        let referrer: DHTAddress?
    }

    /// How the nodes fared that one node told us of.
    private struct Tally {
        var inFlight = 0
        var late = 0
        var answered = 0
    }

    let ticket: DHTTicket
    let operation: Operation
    let target: DHTKey
    /// When to be content with what there is.
    var deadline: NIODeadline
    private let own: DHTKey
    /// How many nodes it ends with.
    private let width: Int
    /// Nearest first.
    private(set) var candidates: [Candidate] = []
    /// Entry points whose ids we do not know.
    private var seeds: [DHTAddress]
    private let entryPoints: Set<DHTAddress>
    private var lateEntryPoints: Set<DHTAddress> = []
    private var tallies: [DHTAddress: Tally] = [:]
    /// Requests that hold the walk up.
    private(set) var inFlight = 0
    /// Updates that wait for an answer.
    var updating: Set<DHTAddress> = []
    var isUpdating = false
    /// Whether somebody had what is looked for.
    var hasFound = false
    var summary = DHTQuerySummary()
    /// The newest record found, of a mutable get.
    var best: DHTMutable?

    init(
        _ operation: Operation, ticket: DHTTicket, target: DHTKey, own: DHTKey,
        known: [DHTRoutingTable.Entry], seeds: [DHTAddress],
        width: Int = Limits.DHT.bucketSize, now: NIODeadline
    ) {
        self.operation = operation
        self.ticket = ticket
        self.target = target
        self.own = own
        self.width = width
        self.seeds = seeds.reversed()
        entryPoints = Set(seeds)
        deadline = now + Limits.DHT.queryTime
        for entry in known { insert(entry.id, entry.address, referrer: nil) }
    }

    /// Whether nobody is left to ask or to wait for, or enough were asked.
    func hasWalked() -> Bool {
        guard inFlight == 0 else { return false }
        if summary.asked >= Limits.DHT.queryRequests { return true }
        return nextWaiting() == nil && seeds.isEmpty
    }

    /// As many requests as it may have in flight: few while each answer leads nearer, many once
    /// the nearest have answered, or somebody had what is looked for.
    var concurrency: Int {
        var nearest = Limits.DHT.approachConcurrency
        guard !hasFound else { return Limits.DHT.concurrency }
        for candidate in candidates {
            switch candidate.state {
            case .failed, .late: continue
            case .waiting, .asked: return Limits.DHT.approachConcurrency
            case .answered: nearest -= 1
            }
            if nearest == 0 { break }
        }
        return Limits.DHT.concurrency
    }

    /// Whom to ask next; it counts as asked.
    func next() -> Destination? {
        guard summary.asked < Limits.DHT.queryRequests, !isUpdating else { return nil }
        if let seed = seeds.popLast() {
            asked(referrer: nil)
            return Destination(id: nil, address: seed, referrer: nil)
        }
        guard let index = nextWaiting() else { return nil }
        candidates[index].state = .asked
        asked(referrer: candidates[index].referrer)
        let candidate = candidates[index]
        return Destination(
            id: candidate.id, address: candidate.address, referrer: candidate.referrer)
    }

    private func asked(referrer: DHTAddress?) {
        summary.asked += 1
        inFlight += 1
        if let referrer { tallies[referrer, default: Tally()].inFlight += 1 }
    }

    /// The node told us of others. `token` is `nil` when it cannot be updated.
    func answered(
        _ id: DHTKey?, as present: DHTKey?, at address: DHTAddress, token: [UInt8]?,
        nodes: [(id: DHTKey, address: DHTAddress)]
    ) {
        summary.answered += 1
        if let id, let index = index(of: id) {
            settle(index, .answered)
            if id != present { candidates[index].state = .failed }
            candidates[index].token = token
        } else {
            if lateEntryPoints.remove(address) == nil { inFlight = max(0, inFlight - 1) }
            if let present {
                insert(present, address, referrer: nil)
                if let index = index(of: present), candidates[index].address == address {
                    settle(index, .answered)
                    candidates[index].token = token
                }
            }
        }
        guard !isUpdating else { return }
        for node in nodes where node.address.isCredible(toldBy: address) {
            insert(node.id, node.address, referrer: address)
        }
        trim()
    }

    /// A request of this query has not been answered yet.
    func late(_ request: DHTRequest) {
        if case .query = request.purpose { late(request.id, at: request.address) }
    }

    /// A request of this query will not be answered.
    func failed(_ request: DHTRequest) {
        if case .update = request.purpose {
            updating.remove(request.address)
        } else if let id = request.id, let index = index(of: id) {
            settle(index, .failed)
        }
    }

    /// The walk goes on without waiting for this one.
    func late(_ id: DHTKey?, at address: DHTAddress) {
        if let id, let index = index(of: id) {
            settle(index, .late)
        } else if id == nil, lateEntryPoints.insert(address).inserted {
            inFlight = max(0, inFlight - 1)
        }
    }

    /// The nearest that answered and can be updated.
    var closest: [Candidate] {
        Array(
            candidates.lazy.filter { $0.state == .answered && $0.token != nil }
                .prefix(width))
    }

    private func settle(_ index: Int, _ state: State) {
        if candidates[index].state == .asked {
            inFlight = max(0, inFlight - 1)
            if let referrer = candidates[index].referrer {
                tallies[referrer]?.inFlight -= 1
                if state == .answered {
                    tallies[referrer]?.answered += 1
                } else {
                    tallies[referrer]?.late += 1
                }
            }
        }
        candidates[index].state = state
    }

    private func index(of id: DHTKey) -> Int? {
        let index = place(of: id.distance(to: target))
        guard index < candidates.count, candidates[index].id == id else { return nil }
        return index
    }

    /// The first place whose distance is not smaller.
    private func place(of distance: DHTKey) -> Int {
        var low = 0
        var high = candidates.count
        while low < high {
            let middle = (low + high) / 2
            if candidates[middle].distance < distance { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func insert(_ id: DHTKey, _ address: DHTAddress, referrer: DHTAddress?) {
        guard id != own else { return }
        let distance = id.distance(to: target)
        let index = place(of: distance)
        if index < candidates.count, candidates[index].id == id {
            if candidates[index].address == address, candidates[index].referrer != referrer {
                candidates[index].isVouched = true
            }
            return
        }
        let candidate = Candidate(id: id, distance: distance, address: address, referrer: referrer)
        candidates.insert(candidate, at: index)
    }

    /// Lets go of nodes that somebody made up, and of the farthest.
    private func trim() {
        candidates.removeAll { $0.state == .waiting && isDiscredited($0) }
        var surplus = candidates.count { $0.state != .failed && $0.state != .late }
        surplus -= Limits.DHT.candidates
        var index = candidates.count
        while surplus > 0, index > 0 {
            index -= 1
            guard candidates[index].state == .waiting else { continue }
            candidates.remove(at: index)
            surplus -= 1
        }
    }

    /// Whether the one who told us of it has told us of some by now that do not answer, and of none
    /// that does.
    private func isDiscredited(_ candidate: Candidate) -> Bool {
        guard let tally = doubtful(candidate) else { return false }
        return tally.late >= Limits.DHT.lateBelieved
    }

    /// How others fared of which only the same node told us, if none of them has answered yet.
    private func doubtful(_ candidate: Candidate) -> Tally? {
        guard let referrer = candidate.referrer, !candidate.isVouched,
            !entryPoints.contains(referrer), let tally = tallies[referrer], tally.answered == 0
        else { return nil }
        return tally
    }

    /// The nearest that was not asked, among the bucketful nearest of which we have no bad news.
    private func nextWaiting() -> Int? {
        var alive = 0
        for index in candidates.indices {
            switch candidates[index].state {
            case .failed, .late: continue
            case .asked, .answered: alive += 1
            case .waiting:
                if isWorthAsking(candidates[index]) { return index }
            }
            if alive == width { return nil }
        }
        return nil
    }

    private func isWorthAsking(_ candidate: Candidate) -> Bool {
        // Whoever makes up nodes must not hold the walk up for long.
        if let tally = doubtful(candidate), tally.late + tally.inFlight >= Limits.DHT.lateBelieved {
            return false
        }
        guard !candidate.address.isLocal else { return true }
        var near = 0
        for other in candidates where other.state == .asked || other.state == .answered {
            if other.address.ip == candidate.address.ip { return false }
            if other.address.network24 == candidate.address.network24 { near += 1 }
        }
        return near < Limits.DHT.closestPerNetwork24
    }
}
