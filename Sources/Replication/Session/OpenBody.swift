import HyperCrypto
import WireMessages

/// The body of an Open message (docs/spec/hypercore-protocol.md section 5.1).
struct OpenBody: Equatable {
    var discoveryKey: DiscoveryKey
    /// The proof that the sender knows the feed's key; absent without handshake.
    var capability: Bytes32?

    static func decode(_ body: UnsafeRawBufferPointer) throws(SessionError) -> OpenBody {
        let wire = try Wire_Open(strict: body, [.bytes, .bytes])
        guard let discoveryKey = DiscoveryKey(wire.discoveryKey) else {
            throw .message("a discovery key does not have 32 bytes")
        }
        guard wire.hasCapability else { return OpenBody(discoveryKey: discoveryKey) }
        guard let capability = Bytes32(wire.capability) else {
            throw .message("a capability does not have 32 bytes")
        }
        return OpenBody(discoveryKey: discoveryKey, capability: capability)
    }
}
