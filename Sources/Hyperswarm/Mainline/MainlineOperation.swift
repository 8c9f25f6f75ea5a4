import HyperCrypto

/// What a query of the Mainline DHT is for (docs/spec/mainline-dht.md sections 4 and 5).
enum MainlineOperation {
    case bootstrap
    case lookup
    case announce(port: UInt16)
    case getImmutable
    case putImmutable([UInt8])
    case getMutable(PublicKey, salt: [UInt8])
    case putMutable(DHTMutable, PublicKey)

    /// The first phase: the method, and what its target is called.
    var query: (method: String, targetName: String) {
        switch self {
        case .bootstrap: ("find_node", "target")
        case .lookup, .announce: ("get_peers", "info_hash")
        case .getImmutable, .putImmutable, .getMutable, .putMutable: ("get", "target")
        }
    }

    /// The second phase: the method, and its arguments less id and token.
    func update(target: DHTKey) -> (method: String, arguments: [String: Bencode?])? {
        switch self {
        case .bootstrap, .lookup, .getImmutable, .getMutable: return nil
        case .announce(let port):
            return (
                "announce_peer",
                [
                    "info_hash": .bytes(MainlineID.bytes(target)), "implied_port": .integer(1),
                    "port": .integer(Int64(port)),
                ]
            )
        case .putImmutable(let value): return ("put", ["v": .bytes(value)])
        case .putMutable(let record, let key):
            return (
                "put",
                [
                    "v": .bytes(record.value), "k": .bytes(key.raw.bytes),
                    "sig": .bytes(record.signature), "seq": .integer(Int64(record.seq)),
                    "salt": record.salt.isEmpty ? nil : .bytes(record.salt),
                ]
            )
        }
    }
}
