import HyperCrypto
import Hypercore
import Hyperdrive

/// CONTRACT SKELETON. A drive as POSIX: inodes, handles, read-ahead, invalidation. No FUSE here.
/// Every operation answers through a callback: at once, on the caller's thread, when all it needs is here; else later from another thread.
public final class Tree: Sendable {
    public struct Configuration: Sendable {
        public var timeout: Duration = .seconds(30)
        public var timeoutWithoutPeers: Duration = .seconds(5)
        public var readAheadBytesMax: Int = 8 << 20
        public var uid: UInt32 = 0, gid: UInt32 = 0
        public init() {}
    }
    public init(drive: Drive, configuration: Configuration) { preconditionFailure() }
    /// What the kernel must forget. Called from any thread.
    public enum Invalidation: Sendable { case entry(parent: UInt64, name: String), inode(UInt64) }
    public func onInvalidate(_ handler: @escaping @Sendable (Invalidation) -> Void) { preconditionFailure() }
    public typealias Reply<T> = @Sendable (Result<T, PosixError>) -> Void
    /// Cancels a waiting operation (FUSE INTERRUPT): its reply comes with EINTR.
    public final class Pending: Sendable { public func cancel() {} }
    public struct Attributes: Sendable { public var inode: UInt64; public var mode: UInt32; public var size: UInt64; public var blocks512: UInt64; public var uid: UInt32; public var gid: UInt32; public var mtime: UInt64; public var ctime: UInt64; public var linkCount: UInt32; public var device: UInt64 }
    @discardableResult public func lookup(parent: UInt64, name: String, reply: @escaping Reply<Attributes>) -> Pending? { preconditionFailure() }
    public func forget(inode: UInt64, count: UInt64) {}
    @discardableResult public func attributes(inode: UInt64, reply: @escaping Reply<Attributes>) -> Pending? { preconditionFailure() }
    @discardableResult public func readLink(inode: UInt64, reply: @escaping Reply<String>) -> Pending? { preconditionFailure() }
    @discardableResult public func open(inode: UInt64, flags: Int32, reply: @escaping Reply<UInt64>) -> Pending? { preconditionFailure() }
    /// Fast path: reads into `buffer` when local and returns the count; nil = not all here, use `read`.
    public func readLocal(handle: UInt64, offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(PosixError) -> Int? { preconditionFailure() }
    /// Waits until the range is here, then replies (the caller calls readLocal again).
    @discardableResult public func prepareRead(handle: UInt64, offset: UInt64, count: Int, reply: @escaping Reply<Void>) -> Pending? { preconditionFailure() }
    public func close(handle: UInt64) {}
    public struct DirectoryEntry: Sendable { public var name: String; public var attributes: Attributes }
    @discardableResult public func openDirectory(inode: UInt64, reply: @escaping Reply<UInt64>) -> Pending? { preconditionFailure() }
    /// Entries from a position in the listing that was taken at open; "." and ".." included. lookups: counts one lookup per entry that `take` accepts (readdirplus).
    public func readDirectory(handle: UInt64, from position: Int, take: (Int, DirectoryEntry) -> Bool) throws(PosixError) { preconditionFailure() }
    public func closeDirectory(handle: UInt64) {}
    @discardableResult public func getAttribute(inode: UInt64, name: String, reply: @escaping Reply<[UInt8]>) -> Pending? { preconditionFailure() }
    @discardableResult public func listAttributes(inode: UInt64, reply: @escaping Reply<[String]>) -> Pending? { preconditionFailure() }
    @discardableResult public func access(inode: UInt64, mask: Int32, reply: @escaping Reply<Void>) -> Pending? { preconditionFailure() }
    @discardableResult public func seek(handle: UInt64, offset: UInt64, whence: Int32, reply: @escaping Reply<UInt64>) -> Pending? { preconditionFailure() }
    public func close() {}
}
/// An errno with its reason, chosen where it is raised.
public struct PosixError: Error, Sendable, CustomStringConvertible {
    public let errno: Int32
    public let message: String
    public init(_ errno: Int32, _ message: String) { self.errno = errno; self.message = message }
    public var description: String { message }
}
