/// A domain name as this module uses it: the labels as they stand on the wire. Compared exactly,
/// as the family does (docs/spec/swarm.md 1.2).
struct DNSName: Hashable, Sendable, CustomStringConvertible {
    /// From the left, each 1...63 bytes.
    let labels: [[UInt8]]

    /// Of labels that are known to be good: 1...63 bytes each, at most 255 in all.
    init(labels: [[UInt8]]) { self.labels = labels }

    /// Of a text with dots; `nil` when a label is empty or too long.
    init?(_ text: String) {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map(Array.init)
        guard labels.allSatisfy({ (1...63).contains($0.count) }) else { return nil }
        self.labels = labels
        guard wireBytes <= Limits.LAN.nameBytesMax else { return nil }
    }

    /// Length on the wire without compression.
    var wireBytes: Int { labels.reduce(1) { $0 + 1 + $1.count } }

    /// Labels with dots between; bytes that are no UTF-8 are replaced.
    var description: String {
        labels.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
    }
}
