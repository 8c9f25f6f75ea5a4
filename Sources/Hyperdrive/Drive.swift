import Corestore
import HyperCrypto
import Hypercore
import Hypertrie

/// CONTRACT SKELETON. Files and folders on two feeds (docs/spec/hyperdrive.md).
///
/// All reading is local and throws MissingBlocks for what is not here; wrap it in `resolve` to wait.
/// Paths are absolute in the drive: "/a/b"; "/" is the root.
public final class Drive: Sendable {
    public let store: Store
    public let metadata: Feed
    public var key: PublicKey { metadata.key }
    public let checkoutVersion: UInt64?
    public var isWritable: Bool { preconditionFailure() }
    public var version: UInt64 { preconditionFailure() }
    public static func create(in store: Store, name: String? = nil) throws -> Drive { preconditionFailure() }
    public init(store: Store, key: PublicKey, version: UInt64? = nil) throws { preconditionFailure() }
    public func checkout(_ version: UInt64) throws -> Drive { preconditionFailure() }
    /// Throws MissingBlocks until the header is here.
    public func content() throws -> Feed { preconditionFailure() }
    /// lstat through nested drives. nil = not there.
    public func entry(_ path: String) throws -> Entry? { preconditionFailure() }
    /// Children sorted by name (bytes); names that a file system cannot show are left out.
    public func list(_ path: String) throws -> [Entry] { preconditionFailure() }
    /// All entries below, parents before children, nested drives not entered unless asked.
    public func walk(_ path: String = "/", enterMounts: Bool = false) throws -> [Entry] { preconditionFailure() }
    public struct Change: Sendable, Equatable { public enum Kind: String, Sendable { case added, changed, removed }; public let kind: Kind; public let path: String }
    /// Paths whose entry differs between two versions of this drive, neighbours rewritten by deletes left out.
    public func changes(from older: UInt64, to newer: UInt64) throws -> [Change] { preconditionFailure() }
    public struct LogEntry: Sendable { public let version: UInt64; public let type: String; public let path: String; public let size: UInt64 }
    public func log() throws -> [LogEntry] { preconditionFailure() }

    // -- writing (own drives)
    public enum Edit: Sendable { case put(path: String, stat: Stat), delete(path: String), mount(path: String, key: PublicKey, version: UInt64?, stat: Stat), unmount(path: String) }
    /// One metadata append.
    public func apply(_ edits: [Edit]) throws { preconditionFailure() }
}
public struct Entry: Sendable {
    /// Full path from the drive that was asked.
    public var path: String
    public var name: String
    public var stat: Stat
    /// The drive that holds it, and the path there.
    public var drive: Drive
    public var innerPath: String
    /// A folder that exists only because something lies below it.
    public var isImplicit: Bool
    /// The root of a nested drive: its key and pinned version.
    public var mount: (key: PublicKey, version: UInt64?)?
    /// Block of the metadata feed, 0 for the root and implicit folders.
    public var seq: UInt64
}
/// docs/spec/hyperdrive.md section 3
public struct Stat: Sendable, Equatable {
    public enum Kind: Sendable, Equatable { case file, directory, symlink, other }
    public var mode: UInt32
    public var uid: UInt32 = 0
    public var gid: UInt32 = 0
    public var size: UInt64 = 0
    public var blocks: UInt64 = 0
    public var offset: UInt64 = 0
    public var byteOffset: UInt64 = 0
    /// Milliseconds since 1970.
    public var mtime: UInt64 = 0
    public var ctime: UInt64 = 0
    public var linkname: String? = nil
    public var mount: (key: PublicKey, version: UInt64?, isHypercore: Bool)? = nil
    /// Extended attributes in the writer's order; nil = removed by an old client.
    public var attributes: [(name: String, value: [UInt8]?)] = []
    public var kind: Kind { preconditionFailure() }
    public init(mode: UInt32) { self.mode = mode }
    public init(decoding bytes: [UInt8]) throws { preconditionFailure() }
    public func encoded() -> [UInt8] { preconditionFailure() }
    public static func == (a: Stat, b: Stat) -> Bool { preconditionFailure() }
}
