import HyperCrypto

/// Ids of the Mainline DHT: 20 bytes, and for a node with an address of its own bound to it
/// (docs/spec/mainline-dht.md section 6), so that many ids cost many addresses.
///
/// They are the first 160 bits of a `DHTKey` whose others are zero: distances order alike.
enum MainlineID {
    static func key(_ bytes: some Collection<UInt8>) -> DHTKey? {
        guard bytes.count == Limits.Mainline.idBytes else { return nil }
        return Bytes32(Array(bytes) + [UInt8](repeating: 0, count: 12)).map { DHTKey($0) }
    }

    static func bytes(_ key: DHTKey) -> [UInt8] {
        Array(key.raw.bytes.prefix(Limits.Mainline.idBytes))
    }

    /// The info hash under which peers of a topic meet (section 7): its first 20 bytes.
    static func infoHash(of topic: DHTKey) -> DHTKey {
        key(topic.raw.bytes.prefix(Limits.Mainline.idBytes)) ?? topic
    }

    static func random(_ random: inout some RandomNumberGenerator) -> DHTKey {
        infoHash(of: DHTKey(random: &random))
    }

    /// An id that others accept from this address.
    static func make(for ip: UInt32, random: inout some RandomNumberGenerator) -> DHTKey {
        var bytes = Self.bytes(DHTKey(random: &random))
        let prefix = Self.prefix(of: ip, seed: bytes[19])
        bytes[0] = UInt8(truncatingIfNeeded: prefix >> 24)
        bytes[1] = UInt8(truncatingIfNeeded: prefix >> 16)
        bytes[2] = UInt8(truncatingIfNeeded: prefix >> 8) & 0xf8 | bytes[2] & 7
        return key(bytes) ?? infoHash(of: DHTKey(random: &random))
    }

    /// Whether an id is one of those that belong to an address. Private ones may have any.
    static func isValid(_ id: DHTKey, for ip: UInt32) -> Bool {
        if IPAddress.v4(ip).isLocal { return true }
        let bytes = Self.bytes(id)
        let prefix = Self.prefix(of: ip, seed: bytes[19])
        let own = bytes[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return (prefix ^ own) >> 11 == 0
    }

    /// The checksum whose first 21 bits an id begins with.
    static func prefix(of ip: UInt32, seed: UInt8) -> UInt32 {
        let masked = ip & 0x030f_3fff | UInt32(seed & 7) << 29
        var crc: UInt32 = ~0
        for shift in [24, 16, 8, 0] as [UInt32] {
            crc ^= masked >> shift & 0xff
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
        }
        return ~crc
    }
}
