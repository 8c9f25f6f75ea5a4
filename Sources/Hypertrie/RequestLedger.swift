/// What was asked of peers, and what may therefore be accepted from them
/// (docs/spec/hypertrie.md section 12). Time comes in from outside, in milliseconds.
struct RequestLedger {
    /// A stretch of an iteration, by the request for its beginning.
    private struct Stretch: Hashable {
        var walk: [UInt8]
        var number: Int
    }

    private var expectedUntil: UInt64?
    private var credit = 0
    private var foreground = 0
    /// The newest head that was asked about: answers may name blocks up to it.
    private(set) var newestHead: UInt64 = 0
    private var requests: [Stretch: (payload: [UInt8], time: UInt64)] = [:]

    /// A request leaves: answers are expected from now on.
    mutating func asked(head: UInt64, at now: UInt64) {
        if !isExpecting(at: now) {
            credit = 0
            newestHead = 0
        }
        expectedUntil = now + OwnLimits.requestMillisecondsMax
        credit = min(credit + OwnLimits.creditPerRequest, OwnLimits.creditMax)
        foreground = OwnLimits.foregroundBlocksMax
        newestHead = max(newestHead, head)
    }

    /// The request of an iteration that has followed that many pointers: the same one for a whole
    /// stretch of 2048, however often the walk is run again from its beginning, so that whoever
    /// sends requests can tell that this one is sent. `fresh` asks for what comes from here on.
    mutating func request(
        of walk: [UInt8], followed: Int, fresh: [UInt8], at now: UInt64
    ) -> [UInt8] {
        let number = followed / SpecLimits.pointersPerRequest
        guard number > 0 else { return walk }
        let stretch = Stretch(walk: walk, number: number)
        if let known = requests[stretch], now < known.time + OwnLimits.requestMillisecondsMax {
            return known.payload
        }
        if requests.count >= OwnLimits.requestsRememberedMax {
            requests = requests.filter { now < $0.value.time + OwnLimits.requestMillisecondsMax }
            if requests.count >= OwnLimits.requestsRememberedMax { requests.removeAll() }
        }
        requests[stretch] = (fresh, now)
        return fresh
    }

    /// Whether an answer is worth looking at.
    func isExpecting(at now: UInt64) -> Bool {
        expectedUntil.map { now < $0 } ?? false
    }

    /// Takes blocks out of what may still be accepted: the first of them are for somebody who
    /// waits, the rest for who comes after.
    mutating func accept(_ blocks: [UInt64]) -> (now: [UInt64], ahead: [UInt64]) {
        let accepted = blocks.prefix(credit)
        credit -= accepted.count
        let urgent = accepted.prefix(foreground)
        foreground -= urgent.count
        return (Array(urgent), Array(accepted.dropFirst(urgent.count)))
    }
}
