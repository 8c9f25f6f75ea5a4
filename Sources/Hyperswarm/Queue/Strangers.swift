/// Who has come and has not yet shown a key: a few at a time, so that those who never do cannot
/// keep out those who would (docs/spec/swarm.md 5).
struct Strangers<ID: Hashable & Sendable>: Sendable {
    private var hosts: [ID: String] = [:]
    private var countByHost: [String: Int] = [:]

    /// How many there are.
    var count: Int { hosts.count }

    /// Whether one more may stay; then it counts until `gone`.
    mutating func came(_ id: ID, from host: String) -> Bool {
        let ofHost = countByHost[host, default: 0]
        guard hosts.count < Limits.Own.strangersMax, ofHost < Limits.Own.strangersPerHostMax else {
            return false
        }
        hosts[id] = host
        countByHost[host] = ofHost + 1
        return true
    }

    /// It has shown its key, or has left.
    mutating func gone(_ id: ID) {
        guard let host = hosts.removeValue(forKey: id), let ofHost = countByHost[host] else {
            return
        }
        countByHost[host] = ofHost > 1 ? ofHost - 1 : nil
    }
}
