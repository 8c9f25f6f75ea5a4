import NIOCore

/// The requests in flight, and those that wait because too many are (docs/spec/dht.md section 3).
struct DHTRequestTable<Message: DHTNumbered> {
    /// A request that has no number yet.
    struct Draft {
        var message: Message
        let address: DHTAddress
        var id: DHTKey?
        var referrer: DHTAddress?
        let purpose: DHTRequest.Purpose
    }

    private let schedule: [DHTRequest.Due]
    private var outstanding: [UInt16: DHTRequest] = [:]
    private var queue: [Draft] = []
    private var queueHead = 0
    /// Requests in each of the last seconds, and the second of the first.
    private var sent = [Int](repeating: 0, count: Limits.DHT.saturationSeconds)
    private var second: Int64 = 0
    /// Newcomers being verified.
    private(set) var verifying: [DHTAddress] = []

    /// - Parameter schedule: what there is to do about a request that nobody answers.
    init(schedule: [DHTRequest.Due] = DHTRequest.usual) { self.schedule = schedule }

    var count: Int { outstanding.count }
    var queuedCount: Int { queue.count - queueHead }

    /// Takes up a request under a number that nobody can guess; `nil` when there are too many.
    mutating func begin(
        _ draft: Draft, random: inout some RandomNumberGenerator, now: NIODeadline
    ) -> DHTRequest? {
        guard outstanding.count < Limits.DHT.outstanding else { return nil }
        var message = draft.message
        message.rid = freshRID(random: &random)
        let request = DHTRequest(
            rid: message.rid, to: draft.address, id: draft.id, referrer: draft.referrer,
            datagram: message.encoded, purpose: draft.purpose, schedule: schedule, now: now)
        outstanding[message.rid] = request
        if case .verify = draft.purpose { verifying.append(draft.address) }
        count(now: now)
        return request
    }

    /// A number of no request in flight.
    func freshRID(random: inout some RandomNumberGenerator) -> UInt16 {
        // At most 512 of 65536 are taken.
        while true {
            let rid = UInt16(truncatingIfNeeded: random.next())
            if outstanding[rid] == nil { return rid }
        }
    }

    /// The request that this answers; it is done.
    mutating func end(_ rid: UInt16, from source: DHTAddress) -> DHTRequest? {
        guard let request = outstanding[rid], request.isAnswered(from: source) else { return nil }
        remove(rid)
        return request
    }

    mutating func remove(_ rid: UInt16) {
        guard let request = outstanding.removeValue(forKey: rid) else { return }
        guard case .verify = request.purpose else { return }
        if let index = verifying.firstIndex(of: request.address) { verifying.remove(at: index) }
    }

    /// What there is to do about requests that were not answered in time.
    mutating func due(now: NIODeadline) -> [(request: DHTRequest, step: DHTRequest.Step)] {
        var due: [(request: DHTRequest, step: DHTRequest.Step)] = []
        // Sorted, so that the same run is the same run.
        let late = outstanding.values.filter { $0.deadline <= now }.map(\.rid).sorted()
        for rid in late {
            guard var request = outstanding[rid] else { continue }
            while let step = request.next(now: now) {
                due.append((request, step))
                if case .fail = step { break }
            }
            outstanding[rid] = request
            if case .fail? = due.last?.step { remove(rid) }
        }
        return due
    }

    /// For when there are too many in flight; `false` when even the queue is full.
    mutating func enqueue(_ draft: Draft) -> Bool {
        guard queuedCount < Limits.DHT.queued else { return false }
        queue.append(draft)
        return true
    }

    mutating func dequeue() -> Draft? {
        guard queueHead < queue.count else { return nil }
        defer {
            queueHead += 1
            if queueHead == queue.count {
                queue = []
                queueHead = 0
            } else if queueHead > 256 {
                queue.removeFirst(queueHead)
                queueHead = 0
            }
        }
        return queue[queueHead]
    }

    /// More than 50 requests a second over five seconds, and 16 in flight.
    mutating func isSaturated(now: NIODeadline) -> Bool {
        guard outstanding.count >= Limits.DHT.saturationInFlight else { return false }
        age(now: now)
        let limit = Limits.DHT.saturationPerSecond * Limits.DHT.saturationSeconds
        return sent.reduce(0, +) > limit
    }

    var nextDeadline: NIODeadline? {
        var next: NIODeadline?
        for request in outstanding.values {
            let deadline = request.deadline
            if next.map({ deadline < $0 }) ?? true { next = deadline }
        }
        return next
    }

    /// Requests sent to this node that still wait.
    func contains(_ address: DHTAddress) -> Bool {
        outstanding.values.contains { $0.address == address }
    }

    private mutating func count(now: NIODeadline) {
        age(now: now)
        sent[Int(second % Int64(sent.count))] += 1
    }

    private mutating func age(now: NIODeadline) {
        let present = Int64(now.uptimeNanoseconds / 1_000_000_000)
        let passed = min(Int64(sent.count), max(0, present - second))
        for ago in 0..<passed { sent[Int((present - ago) % Int64(sent.count))] = 0 }
        second = max(second, present)
    }
}
