import NIOCore

/// What other nodes say our address is (docs/spec/dht.md section 9). One voice for each host.
struct DHTAddressVotes {
    /// Latest last.
    private var reports: [(teller: UInt64, address: DHTAddress)] = []

    mutating func add(_ address: DHTAddress, from teller: DHTAddress) {
        guard address.isUnicast else { return }
        reports.removeAll { $0.teller == teller.source }
        if reports.count == Limits.DHT.addressReports { reports.removeFirst() }
        reports.append((teller.source, address))
    }

    /// Forgets everything: the network has changed.
    mutating func reset() { reports = [] }

    /// A node is reachable through a NAT when all see it at the same port, three at least. Where
    /// there are only two to ask, both must agree.
    var verdict: DHTOwnAddress {
        if let (address, count) = Self.mostFrequent(reports.map(\.address)) {
            let dissent = reports.count - count
            let isAgreed =
                count >= Limits.DHT.addressAgreement && dissent < Limits.DHT.addressDissent
            if isAgreed || (count == 2 && dissent == 0) {
                return .stable(address.endpoint)
            }
        }
        if let (ip, count) = Self.mostFrequent(reports.map(\.address.ip)) {
            let dissent = reports.count - count
            let isAgreed =
                count >= Limits.DHT.addressAgreement && dissent < Limits.DHT.addressDissent
            if isAgreed || (count == 2 && dissent == 0) { return .symmetric(.v4(ip)) }
        }
        return .unknown
    }

    private static func mostFrequent<T: Hashable>(_ values: [T]) -> (T, Int)? {
        var counts: [T: Int] = [:]
        for value in values { counts[value, default: 0] += 1 }
        return counts.max { $0.value < $1.value }.map { ($0.key, $0.value) }
    }
}
