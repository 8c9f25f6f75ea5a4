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
        xor(UnsafeRawBufferPointer(bytes), into: bytes)
    }

    /// Encrypts or decrypts the next bytes into `target`, which has as many: the same place, or one
    /// that does not overlap.
    public mutating func xor(
        _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) {
        precondition(bytes.count == target.count, "as many bytes go out as come in")
        var done = 0
        if offset > 0 {
            done = min(Self.blockBytes - offset, bytes.count)
            xorWithinBlock(bytes, target, 0..<done)
        }
        let whole = (bytes.count - done) & ~(Self.blockBytes - 1)
        if whole > 0 {
            xorWholeBlocks(bytes, target, done..<done + whole)
            position += UInt64(whole)
            done += whole
        }
        if done < bytes.count {
            loadBlock()
            xorWithinBlock(bytes, target, done..<bytes.count)
        }
    }

    /// Encrypts or decrypts the next bytes.
    public mutating func xor(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { xor($0) }
    }

    private var offset: Int { Int(position % UInt64(Self.blockBytes)) }

    private mutating func xorWithinBlock(
        _ bytes: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer,
        _ range: Range<Int>
    ) {
        let start = offset
        for i in range { target[i] = bytes[i] ^ block[start + i - range.lowerBound] }
        position += UInt64(range.count)
    }

    /// Over zeros the cipher leaves its bare keystream.
    private mutating func loadBlock() {
        var fresh = [UInt8](repeating: 0, count: Self.blockBytes)
        fresh.withUnsafeMutableBytes {
            xorWholeBlocks(UnsafeRawBufferPointer($0), $0, 0..<$0.count)
        }
        block = fresh
    }

    private func xorWholeBlocks(
        _ bytes: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer,
        _ range: Range<Int>
    ) {
        let first = position / UInt64(Self.blockBytes)
        let bytes = UnsafeRawBufferPointer(rebasing: bytes[range])
        let target = UnsafeMutableRawBufferPointer(rebasing: target[range])
        let status = key.withUnsafeBytes { key in
            crypto_stream_xsalsa20_xor_ic(
                target.bytePointer, bytes.bytePointer, UInt64(bytes.count), nonce, first,
                key.bytePointer)
        }
        precondition(status == 0, "the cipher takes any input")
    }
}
