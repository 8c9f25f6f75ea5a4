/// Sizes that the specification fixes. There are no limits of our own here: nothing in this module
/// queues, waits or grows.
enum SpecLimits {
    /// A handshake message, keys and tags included (Noise revision 34 section 3).
    static let noiseMessageBytesMax = 65535
    /// Tag behind every sealed part.
    static let noiseTagBytes = 16
    /// Public keys on the wire.
    static let noiseKeyBytes = 32
}
