/// What was asked of peers, and what may therefore be accepted from them
/// (docs/spec/hypertrie.md section 12). Time comes in from outside, in milliseconds.
struct RequestLedger {
    private struct Walk {
        var followed: Int
        var time: UInt64
    }

    private var expectedUntil: UInt64?
    private var credit = 0
    private var foreground = 0
    /// The newest head that was asked about: answers may name blocks up to it.
    private(set) var newestHead: UInt64 = 0
    /// Iterations by their request without checkpoint.
    private var walks: [[UInt8]: Walk] = [:]

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

    /// Whether an iteration that has followed that many pointers may ask (again): a walk that is
    /// run again from its beginning has asked already.
    mutating func mayAsk(_ walk: [UInt8], followed: Int, at now: UInt64) -> Bool {
        if let last = walks[walk], followed < last.followed + SpecLimits.pointersPerRequest,
            now < last.time + OwnLimits.requestMillisecondsMax
        {
            return false
        }
        if walks.count >= OwnLimits.requestsRememberedMax, walks[walk] == nil {
            walks = walks.filter { now < $0.value.time + OwnLimits.requestMillisecondsMax }
            if walks.count >= OwnLimits.requestsRememberedMax { walks.removeAll() }
        }
        walks[walk] = Walk(followed: followed, time: now)
        return true
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
