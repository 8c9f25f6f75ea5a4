/// The first 20 bytes of every uTP packet, all numbers big-endian (docs/spec/utp.md 1).
///
/// ```text
///  0        4        8        16                               32
///  +--------+--------+--------+--------------------------------+
///  |  kind  |version | extens.|         connection id          |
///  +--------+--------+--------+--------------------------------+
///  |              the sender's clock, microseconds             |
///  +------------------------------------------------------------+
///  |   how long your last packet was under way, microseconds   |
///  +------------------------------------------------------------+
///  |            free receive buffer of the sender              |
///  +-----------------------------+------------------------------+
///  |      sequence number        |    acknowledged number      |
///  +-----------------------------+------------------------------+
/// ```
struct UTPHeader: Equatable, Sendable {
    enum Kind: UInt8, Sendable {
        case data = 0
        case end = 1
        case state = 2
        case reset = 3
        case syn = 4
    }

    var kind: Kind
    var connectionID: UInt16
    var timestamp: UInt32 = 0
    /// 0 until something was measured.
    var delay: UInt32 = 0
    var window: UInt32 = 0
    var sequence: SequenceNumber
    var acknowledged: SequenceNumber

    static let size = 20
    static let version: UInt8 = 1

    /// Writes 20 bytes. `firstExtension` is the type of the block that follows, 0 for none.
    func write(to bytes: UnsafeMutableRawBufferPointer, firstExtension: UInt8 = 0) {
        precondition(bytes.count >= Self.size)
        bytes[0] = kind.rawValue << 4 | Self.version
        bytes[1] = firstExtension
        bytes.storeBytes(of: connectionID.bigEndian, toByteOffset: 2, as: UInt16.self)
        bytes.storeBytes(of: timestamp.bigEndian, toByteOffset: 4, as: UInt32.self)
        bytes.storeBytes(of: delay.bigEndian, toByteOffset: 8, as: UInt32.self)
        bytes.storeBytes(of: window.bigEndian, toByteOffset: 12, as: UInt32.self)
        bytes.storeBytes(of: sequence.value.bigEndian, toByteOffset: 16, as: UInt16.self)
        bytes.storeBytes(of: acknowledged.value.bigEndian, toByteOffset: 18, as: UInt16.self)
    }
}
