import Glibc
import HyperCrypto
import Hypercore

/// One feed's folder: `<store>/<d[0..2]>/<d[2..4]>/<d>` where d is its discovery key in hexadecimal
/// digits (docs/spec/corestore.md section 4).
///
///     key          32 bytes, the public key; written first
///     name         varint(length) || name; only for feeds whose pair is derived from a name
///     secret_key   64 bytes; only for writable feeds without a name
///     bitfield, data, signatures, tree     the feed itself
///     loans        only with folders shared in place: where bytes lie that `data` does not have
struct FeedFolder: Sendable {
    let path: String
    let discoveryKey: DiscoveryKey

    init(store: String, _ discoveryKey: DiscoveryKey) {
        let digits = discoveryKey.hex
        let middle = digits.index(digits.startIndex, offsetBy: 2)
        let end = digits.index(middle, offsetBy: 2)
        path = "\(store)/\(digits[..<middle])/\(digits[middle..<end])/\(digits)"
        self.discoveryKey = discoveryKey
    }

    /// Every feed folder of a store, whole or damaged, ordered by discovery key.
    static func all(in store: String) -> [FeedFolder] {
        var found: [FeedFolder] = []
        for first in names(in: store) where isByte(first) {
            for second in names(in: "\(store)/\(first)") where isByte(second) {
                for name in names(in: "\(store)/\(first)/\(second)") {
                    guard name.hasPrefix(first + second), let raw = Bytes32(hex: name),
                        raw.hex == name
                    else { continue }
                    found.append(FeedFolder(store: store, DiscoveryKey(raw)))
                }
            }
        }
        return found
    }

    /// The public key; `nil` = the feed is not stored here.
    func key() throws(StoreError) -> PublicKey? {
        guard let bytes = try SmallFile.read(path + "/key", max: 4096) else { return nil }
        guard let key = PublicKey(bytes) else {
            throw damaged("key", "has \(bytes.count) bytes instead of 32")
        }
        guard key.discoveryKey == discoveryKey else {
            throw damaged("key", "belongs to another folder, that of \(key.discoveryKey.hex)")
        }
        return key
    }

    /// The name that the pair is derived from; `nil` = it is not.
    func name() throws(StoreError) -> [UInt8]? {
        let file = path + "/name"
        guard let bytes = try SmallFile.read(file, max: SpecLimits.nameBytesMax + 8) else {
            return nil
        }
        guard let (length, start) = Self.varint(bytes), length > 0, length == bytes.count - start
        else { throw damaged("name", "does not have the length that it states") }
        return Array(bytes[start...])
    }

    /// Makes the folder with what tells the feed's identity. The feed's own files follow when it
    /// is opened.
    func create(key: PublicKey, name: [UInt8]?) throws(StoreError) {
        try SmallFile.makeFolders(path)
        try SmallFile.replace(path + "/key", with: key.raw.bytes, mode: 0o644)
        if let name { try write(name: name) }
    }

    /// Which of its bytes lie in files of a folder that is shared in place.
    func loans() throws -> Loans { try Loans(file: path + "/loans") }

    /// Remembers the name of a feed.
    func write(name: [UInt8]) throws(StoreError) {
        try SmallFile.replace(path + "/name", with: Self.varint(name.count) + name, mode: 0o600)
    }

    /// What is wrong with a file of this folder, and what to do.
    func damaged(_ file: String, _ what: String) -> StoreError {
        StoreError(
            .damaged,
            "\(path)/\(file) \(what); restore the folder from a backup, or remove it and fetch the "
                + "feed again")
    }

    private static func isByte(_ name: String) -> Bool {
        name.utf8.count == 2 && [UInt8](hex: name) != nil
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }

    private static func varint(_ value: Int) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// The number at the start and where it ends. Three bytes hold every length that is allowed.
    private static func varint(_ bytes: [UInt8]) -> (value: Int, end: Int)? {
        var value = 0
        for (i, byte) in bytes.prefix(3).enumerated() {
            value |= Int(byte & 0x7f) << (7 * i)
            if byte & 0x80 == 0 { return (value, i + 1) }
        }
        return nil
    }
}
