import HyperCrypto

/// How far a change that takes its time is.
public struct EditProgress: Codable, Sendable, Equatable {
    /// Files done.
    public var files = 0
    /// Files in all.
    public var filesTotal = 0
    /// Bytes done.
    public var bytes: UInt64 = 0
    /// Bytes in all.
    public var bytesTotal: UInt64 = 0

    /// Nothing done.
    public init() {}

    /// The line for programs.
    public var json: JSONValue {
        [
            "event": "progress", "files": .number(UInt64(files)),
            "filesTotal": .number(UInt64(filesTotal)), "bytes": .number(bytes),
            "bytesTotal": .number(bytesTotal),
        ]
    }
}

/// What a change came to.
public struct EditSummary: Codable, Sendable, Equatable {
    /// The drive in 64 hexadecimal digits.
    public var key: String
    /// Its version now.
    public var version: UInt64
    /// Entries that were written or removed.
    public var entries = 0
    /// Files whose bytes were copied or compared.
    public var files = 0
    /// Bytes of those.
    public var bytes: UInt64 = 0
    /// Things that were left out; each was told.
    public var leftOut = 0

    /// Nothing changed.
    init(key: PublicKey, version: UInt64) {
        self.key = key.hex
        self.version = version
    }

    /// The line for programs.
    public var json: JSONValue {
        [
            "event": "done", "key": .string(key), "version": .number(version),
            "entries": .number(UInt64(entries)), "files": .number(UInt64(files)),
            "bytes": .number(bytes), "leftOut": .number(UInt64(leftOut)),
        ]
    }
}
