import HyperCrypto

/// What a query is for: the command of its first phase, and of the second if it has one
/// (docs/spec/dht.md sections 7 and 10).
enum DHTOperation {
    case bootstrap
    case lookup(DHTPeersInput)
    case announce(DHTPeersInput)
    case unannounce(DHTPeersInput)
    case getImmutable
    case putImmutable([UInt8])
    case getMutable(salt: [UInt8], minimum: UInt64)
    case putMutable(DHTMutable)

    static let findNode = "_find_node"
    static let peers = "peers"
    static let immutable = "immutable-store"
    static let mutable = "mutable-store"

    /// The first phase: command and value.
    var query: (command: String, value: [UInt8]?) {
        switch self {
        case .bootstrap, .unannounce, .putImmutable, .putMutable: (Self.findNode, nil)
        case .lookup(let input), .announce(let input): (Self.peers, input.encoded)
        case .getImmutable: (Self.immutable, nil)
        case .getMutable(let salt, let minimum):
            (
                Self.mutable,
                DHTMutableFields(seq: minimum, salt: salt.isEmpty ? nil : salt).encoded
            )
        }
    }

    /// The second phase, to the nodes found.
    var update: (command: String, value: [UInt8])? {
        switch self {
        case .bootstrap, .lookup, .getImmutable, .getMutable: nil
        case .announce(let input): (Self.peers, input.encoded)
        case .unannounce(var input):
            {
                input.unannounce = true
                return (Self.peers, input.encoded)
            }()
        case .putImmutable(let value): (Self.immutable, value)
        case .putMutable(let record): (Self.mutable, record.encoded)
        }
    }

    /// Bootstraps give way to what somebody waits for.
    var isBackground: Bool { if case .bootstrap = self { true } else { false } }
}
