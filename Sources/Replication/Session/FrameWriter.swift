import HyperCrypto

/// The bytes on their way out: frames are encoded straight into one buffer and encrypted there.
struct FrameWriter {
    private var bytes: [UInt8] = []
    /// Bytes at the front that are in their final form.
    private var sealed = 0
    private var cipher: XSalsa20Stream?
    /// Bytes that were handed over last, within reason.
    private var usual = 0
    /// Bytes ever handed out.
    private(set) var total: UInt64 = 0

    /// Bytes that wait.
    var count: Int { bytes.count }

    /// Bytes that are not encrypted: the handshake.
    mutating func appendHandshake(_ message: [UInt8]) {
        Varint.append(UInt64(message.count), to: &bytes)
        bytes.append(contentsOf: message)
        sealed = bytes.count
    }

    /// From here on everything is encrypted.
    mutating func encrypt(with cipher: XSalsa20Stream) {
        sealed = bytes.count
        self.cipher = cipher
    }

    /// A frame whose body `body` writes: exactly `size` bytes.
    mutating func append(
        _ type: MessageType, channel: UInt64, size: Int, body: (inout [UInt8]) -> Void
    ) {
        let header = channel << 4 | UInt64(type.rawValue)
        let length = Varint.size(header) + size
        // As much as was handed over last: a stream of blocks then never copies its buffer to grow.
        if bytes.isEmpty { bytes.reserveCapacity(max(length + SessionLimits.varintBytes, usual)) }
        Varint.append(UInt64(length), to: &bytes)
        Varint.append(header, to: &bytes)
        let start = bytes.count
        body(&bytes)
        assert(bytes.count - start == size, "the length is on the wire before the body")
        if bytes.count - sealed >= SessionLimits.sealing { seal() }
    }

    mutating func appendKeepAlive() { bytes.append(0) }

    /// Hands the buffer over.
    mutating func take() -> [UInt8] {
        seal()
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        sealed = 0
        usual = min(taken.count, SessionLimits.idleBuffer)
        total += UInt64(taken.count)
        return taken
    }

    private mutating func seal() {
        let start = sealed
        bytes.withUnsafeMutableBytes {
            cipher?.xor(UnsafeMutableRawBufferPointer(rebasing: $0[start...]))
        }
        sealed = bytes.count
    }
}
