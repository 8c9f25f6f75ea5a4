import CSodium

/// One direction of an encrypted connection: a single keystream for as long as it lives, one byte
/// of it for each byte that goes by (docs/spec/hypercore-protocol.md section 2).
///
/// Secrecy only: nothing here notices a flipped bit. A copy of the value repeats the keystream, so
/// exactly one of the copies may go on.
public struct XSalsa20Stream: Sendable {
    private static let blockBytes = 64

    private let key: SecureBytes
    private let nonce: [UInt8]
    /// Keystream of the block in which `position` lies; stale at a block's border.
    private var block = [UInt8](repeating: 0, count: blockBytes)

    /// How many bytes have gone by.
    public private(set) var position: UInt64 = 0

    /// The start of the stream of a key (32 bytes) and a nonce (24 bytes).
    public init(key: SecureBytes, nonce: [UInt8]) {
        precondition(key.count == 32 && nonce.count == 24, "32 bytes of key, 24 of nonce")
        self.key = key
        self.nonce = nonce
    }

    /// Encrypts or decrypts the next bytes where they lie.
    public mutating func xor(_ bytes: UnsafeMutableRawBufferPointer) {
        var done = 0
        if offset > 0 {
            done = min(Self.blockBytes - offset, bytes.count)
            xorWithinBlock(UnsafeMutableRawBufferPointer(rebasing: bytes[..<done]))
        }
        let whole = (bytes.count - done) & ~(Self.blockBytes - 1)
        if whole > 0 {
            let blocks = UnsafeMutableRawBufferPointer(rebasing: bytes[done..<done + whole])
            xorWholeBlocks(blocks)
            position += UInt64(whole)
            done += whole
        }
        if done < bytes.count {
            loadBlock()
            xorWithinBlock(UnsafeMutableRawBufferPointer(rebasing: bytes[done...]))
        }
    }

    /// Encrypts or decrypts the next bytes.
    public mutating func xor(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { xor($0) }
    }

    private var offset: Int { Int(position % UInt64(Self.blockBytes)) }

    private mutating func xorWithinBlock(_ bytes: UnsafeMutableRawBufferPointer) {
        let start = offset
        for i in bytes.indices { bytes[i] ^= block[start + i] }
        position += UInt64(bytes.count)
    }

    /// Over zeros the cipher leaves its bare keystream.
    private mutating func loadBlock() {
        var fresh = [UInt8](repeating: 0, count: Self.blockBytes)
        fresh.withUnsafeMutableBytes { xorWholeBlocks($0) }
        block = fresh
    }

    private func xorWholeBlocks(_ bytes: UnsafeMutableRawBufferPointer) {
        let first = position / UInt64(Self.blockBytes)
        let status = key.withUnsafeBytes { key in
            crypto_stream_xsalsa20_xor_ic(
                bytes.bytePointer, bytes.bytePointer, UInt64(bytes.count), nonce, first,
                key.bytePointer)
        }
        precondition(status == 0, "the cipher takes any input")
    }
}
