import Glibc
import Hypertrie

/// Names for versions (docs/spec/hyperdrive.md section 8): hidden keys `hyperdrive-tags/NAME`
/// with the version as a varint.
extension Drive {
    private static let folder = "hyperdrive-tags"

    /// All tags with their versions, by name. Damaged ones are left out.
    public func tags() throws -> [(name: String, version: UInt64)] {
        try DriveError.translating("/") {
            var found: [(name: String, version: UInt64)] = []
            var nodes = trie.iterate(Self.folder, .init(gt: true, hidden: true))
            while let node = try nodes.next() {
                guard let version = Self.version(node.value ?? []) else { continue }
                let name = String(Substring(node.key.utf8.dropFirst(Self.folder.utf8.count + 1)))
                found.append((name, version))
            }
            return found.sorted { DrivePath.isBefore($0.name, $1.name) }
        }
    }

    /// The version of a tag; `nil` = there is no such tag.
    public func tag(_ name: String) throws -> UInt64? {
        try DriveError.translating(name) {
            try trie.get("\(Self.folder)/\(name)", hidden: true).flatMap {
                Self.version($0.value ?? [])
            }
        }
    }

    /// Names a version, anew if the name is in use.
    public func setTag(_ name: String, version: UInt64) throws {
        try requireWritable()
        let value = Self.varint(version)
        _ = try DriveError.translating(name) {
            try trie.put("\(Self.folder)/\(try Self.checked(name))", value, hidden: true)
        }
    }

    /// Forgets a name. False = there was none.
    @discardableResult public func removeTag(_ name: String) throws -> Bool {
        try requireWritable()
        return try DriveError.translating(name) {
            try trie.delete("\(Self.folder)/\(try Self.checked(name))", hidden: true)
        }
    }

    private static func checked(_ name: String) throws -> String { try DrivePath.key("/" + name) }

    private static func version(_ bytes: [UInt8]) -> UInt64? {
        guard let last = bytes.last, last < 0x80, bytes.count <= 8,
            bytes.dropLast().allSatisfy({ $0 >= 0x80 })
        else { return nil }
        let value = bytes.reversed().reduce(UInt64(0)) { $0 << 7 | UInt64($1 & 0x7f) }
        return value <= SpecLimits.numberMax ? value : nil
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
