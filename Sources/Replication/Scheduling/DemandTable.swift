import DequeModule
import HeapModule
import Hypercore

/// All demands of a node: found by name, by time-out, and by turn.
struct DemandTable {
    private struct Expiry: Comparable {
        let at: ContinuousClock.Instant
        let id: DemandID
        static func < (a: Expiry, b: Expiry) -> Bool {
            (a.at, a.id.raw) < (b.at, b.id.raw)
        }
        static func == (a: Expiry, b: Expiry) -> Bool { a.at == b.at && a.id == b.id }
    }

    private var byID: [DemandID: ActiveDemand] = [:]
    private var expiries = Heap<Expiry>()
    /// Those with something to ask, by priority, in turn.
    private var queues = [Deque<ActiveDemand>](repeating: [], count: 3)

    var count: Int { byID.count }
    var all: Dictionary<DemandID, ActiveDemand>.Values { byID.values }

    subscript(id: DemandID) -> ActiveDemand? { byID[id] }

    mutating func insert(_ demand: ActiveDemand) {
        byID[demand.id] = demand
        if let deadline = demand.deadline {
            expiries.insert(Expiry(at: deadline, id: demand.id))
            compact()
        }
    }

    mutating func remove(_ demand: ActiveDemand) { byID[demand.id] = nil }

    /// Gives the demand a turn, unless it waits for one already.
    mutating func enqueue(_ demand: ActiveDemand) {
        guard !demand.isQueued, !demand.isDone else { return }
        demand.isQueued = true
        queues[demand.priority.rawValue].append(demand)
    }

    /// The next demand of a priority whose turn it is.
    mutating func next(_ priority: Demand.Priority) -> ActiveDemand? {
        while let demand = queues[priority.rawValue].popFirst() {
            demand.isQueued = false
            if !demand.isDone { return demand }
        }
        return nil
    }

    func queued(_ priority: Demand.Priority) -> Int { queues[priority.rawValue].count }

    /// The earliest time-out; it may be that of a demand that is gone.
    var nextExpiry: ContinuousClock.Instant? { expiries.min?.at }

    /// Demands whose time is over.
    mutating func expired(now: ContinuousClock.Instant) -> [ActiveDemand] {
        var found: [ActiveDemand] = []
        while let first = expiries.min, first.at <= now {
            expiries.removeMin()
            if let demand = byID[first.id] { found.append(demand) }
        }
        return found
    }

    /// Most demands are met long before their time: their expiries are dropped in bulk.
    private mutating func compact() {
        guard expiries.count > 2 * byID.count + 1024 else { return }
        expiries = Heap(expiries.unordered.filter { byID[$0.id] != nil })
    }
}
