/// The first 32 bytes of the files `bitfield`, `signatures` and `tree`
/// (docs/spec/hypercore.md section 5.2).
///
/// ```
/// 0   05 02 57   magic
/// 3   file type: 0 bitfield, 1 signatures, 2 tree
/// 4   version, 0
/// 5   entry size, 16 bits, big endian
/// 7   length of the algorithm's name, then the name, then zeros
/// ```
struct SleepHeader: Equatable {
    static let size: UInt64 = 32

    let type: UInt8
    var entrySize: UInt16
    let algorithm: String

    static let bitfield = SleepHeader(type: 0, entrySize: 3584, algorithm: "")
    /// Very old folders have pages with a shorter index section.
    static let oldBitfield = SleepHeader(type: 0, entrySize: 3328, algorithm: "")
    static let signatures = SleepHeader(type: 1, entrySize: 64, algorithm: "Ed25519")
    static let tree = SleepHeader(type: 2, entrySize: 40, algorithm: "BLAKE2b")

    var bytes: [UInt8] {
        var bytes: [UInt8] = [5, 2, 0x57, type, 0]
        bytes += [UInt8(entrySize >> 8), UInt8(entrySize & 0xff), UInt8(algorithm.utf8.count)]
        bytes += Array(algorithm.utf8)
        return bytes + [UInt8](repeating: 0, count: Int(Self.size) - bytes.count)
    }

    /// Whether a file that was never synced may begin like this: with the first bytes of the
    /// header, and zeros or nothing after them.
    func mayBecome(from found: [UInt8]) -> Bool {
        let same = zip(found, bytes).prefix { $0 == $1 }.count
        return found.dropFirst(same).allSatisfy { $0 == 0 }
    }
}
