import Foundation
import HyperCrypto
import Synchronization

/// A file or folder whose local copy is kept.
public struct Pin: Codable, Sendable, Hashable {
    /// The drive in 64 hexadecimal digits.
    public var key: String
    /// The version that is kept; `nil`: always the newest.
    public var version: UInt64?
    /// Absolute in the drive; `/` is all of it.
    public var path: String

    /// A pin.
    public init(_ key: PublicKey, version: UInt64?, path: String) {
        self.key = key.hex
        self.version = version
        self.path = path
    }

    /// As one types it.
    public var text: String {
        "hyper://\(key)\(version.map { "+\($0)" } ?? "")\(path == "/" ? "" : path)"
    }

    /// The line of `hyperfs pin --json`.
    public func json(_ event: String? = nil) -> JSONValue {
        var members: [JSONValue.Member] = []
        if let event { members.append(.init(name: "event", value: .string(event))) }
        members.append(.init(name: "key", value: .string(key)))
        members.append(.init(name: "path", value: .string(path)))
        if let version { members.append(.init(name: "version", value: .number(version))) }
        return .object(members)
    }
}

/// The pins of a store: `<store>/hyperfs/pins.json`, read anew each time.
public enum PinList {
    private static let writing = Mutex(())

    /// All of them. Throws `.corrupt` when the file is damaged.
    public static func load(store: String) throws -> [Pin] {
        let path = file(store)
        guard let handle = FileHandle(forReadingAtPath: path) else {
            guard access(path, F_OK) == 0 else { return [] }
            throw NodeError.system("cannot read \(path)")
        }
        let data = try handle.read(upToCount: Limits.registryBytesMax + 1) ?? Data()
        guard data.count <= Limits.registryBytesMax,
            let pins = try? JSONDecoder().decode([Pin].self, from: data)
        else {
            throw NodeError(
                .corrupt, "\(path) is damaged", hint: "move it away, and pin again what you need")
        }
        return pins
    }

    /// Remembers one for good. False: it was there.
    static func add(_ pin: Pin, store: String) throws -> Bool {
        try change(store) { pins in
            guard !pins.contains(pin) else { return false }
            guard pins.count < Limits.pinsMax else {
                throw NodeError(
                    .failed, "there are \(pins.count) pins already",
                    hint: "pin a folder instead of what is in it")
            }
            pins.append(pin)
            return true
        }
    }

    /// Forgets one. False: there was none.
    static func remove(_ pin: Pin, store: String) throws -> Bool {
        try change(store) { pins in
            let count = pins.count
            pins.removeAll { $0 == pin }
            return pins.count < count
        }
    }

    private static func change(
        _ store: String, _ body: (inout [Pin]) throws -> Bool
    ) throws -> Bool {
        try writing.withLock { _ in
            var pins = try load(store: store)
            guard try body(&pins) else { return false }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try DurableFile.replace(file(store), with: [UInt8](try encoder.encode(pins)))
            return true
        }
    }

    private static func file(_ store: String) -> String { store + "/hyperfs/pins.json" }
}
