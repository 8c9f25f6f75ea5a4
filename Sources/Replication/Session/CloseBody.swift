import HyperCrypto
import WireMessages

/// The body of a Close message (section 5.2): the key of a feed that the sender never opened, or
/// nothing.
enum CloseBody {
    static func decode(_ body: UnsafeRawBufferPointer) throws(SessionError) -> DiscoveryKey? {
        let wire = try Wire_Close(strict: body, [.bytes])
        guard wire.hasDiscoveryKey else { return nil }
        guard let discoveryKey = DiscoveryKey(wire.discoveryKey) else {
            throw .message("a discovery key does not have 32 bytes")
        }
        return discoveryKey
    }
}
