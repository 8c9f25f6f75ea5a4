import Foundation
import HyperCrypto

/// When the blocks of each feed were used, beyond the end of a process:
/// `<store>/hyperfs/cache-use`.
///
///     32 bytes key | UInt32 count | count times UInt32, all little-endian; and so on
///
/// It is a help, not the truth: one that is damaged or missing means that nothing was used.
struct UseFile: Sendable {
    /// By content feed.
    var runs: [PublicKey: [UInt32]] = [:]
    private let path: String

    init(store: String) {
        path = store + "/hyperfs/cache-use"
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: Limits.useBytesMax)
        else { return }
        var rest = [UInt8](data)[...]
        while rest.count >= 36, let key = PublicKey(Array(rest.prefix(32))) {
            let count = Int(Self.number(rest.dropFirst(32)))
            rest = rest.dropFirst(36)
            guard count <= rest.count / 4 else { return }
            runs[key] = (0..<count).map { Self.number(rest.dropFirst(4 * $0)) }
            rest = rest.dropFirst(4 * count)
        }
    }

    func save() throws(NodeError) {
        var bytes: [UInt8] = []
        for (key, runs) in runs where !runs.isEmpty {
            guard bytes.count + 36 + 4 * runs.count <= Limits.useBytesMax else { continue }
            bytes += key.raw.bytes
            for number in [UInt32(runs.count)] + runs {
                withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
            }
        }
        try DurableFile.replace(path, with: bytes)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
