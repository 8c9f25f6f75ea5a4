/// Values that other nodes gave us to keep, mutable and immutable in one cache of two generations
/// (docs/spec/dht.md section 10.3). Nothing expires by time.
struct DHTValueStore {
    /// The name of a value.
    struct Slot: Hashable {
        let key: DHTKey
        /// `nil` for an immutable value.
        let salt: [UInt8]?
    }

    private struct Generation {
        /// As it goes into an answer, and the host it came from.
        var values: [Slot: (bytes: [UInt8], host: UInt32)] = [:]
        var perHost: [UInt32: Int] = [:]
    }

    private var young = Generation()
    private var old = Generation()

    var count: Int { young.values.count + old.values.count }

    subscript(slot: Slot) -> [UInt8]? {
        young.values[slot]?.bytes ?? old.values[slot]?.bytes
    }

    /// - Parameter host: whose quota it counts against; 0 for our own.
    /// - Returns: whether there was room for one more of this host.
    mutating func store(_ bytes: [UInt8], at slot: Slot, from host: UInt32) -> Bool {
        let before = young.values[slot]
        if before?.host != host {
            let isLocal = DHTAddress(ip: host, port: 1).isLocal || host == 0
            let count = young.perHost[host] ?? 0
            guard isLocal || count < Limits.DHT.valuesPerHost else { return false }
            if let before { young.perHost[before.host, default: 1] -= 1 }
            young.perHost[host] = count + 1
        }
        young.values[slot] = (bytes, host)
        old.values[slot] = nil
        if young.values.count >= Limits.DHT.values {
            old = young
            young = Generation()
        }
        return true
    }
}
