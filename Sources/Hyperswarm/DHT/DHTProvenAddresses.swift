import NIOCore

/// Addresses that have lately shown that they receive what we send there, by sending a round-trip
/// token back: those who announced something. Only to them, and to the nodes of the table, hole
/// punches are relayed (docs/spec/dht.md section 12).
struct DHTProvenAddresses {
    private var young: Set<DHTAddress> = []
    private var old: Set<DHTAddress> = []
    private var rotated: NIODeadline

    init(now: NIODeadline) { rotated = now }

    mutating func insert(_ address: DHTAddress) {
        guard young.count < Limits.DHT.provenSources else { return }
        young.insert(address)
    }

    func contains(_ address: DHTAddress) -> Bool {
        young.contains(address) || old.contains(address)
    }

    /// As long as a peer's record lives.
    mutating func rotate(now: NIODeadline) {
        let age = now - rotated
        guard age >= Limits.DHT.peerGeneration else { return }
        old = age >= Limits.DHT.peerGeneration * 2 ? [] : young
        young = []
        rotated = now
    }
}
