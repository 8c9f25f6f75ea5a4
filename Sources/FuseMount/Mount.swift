import CFuse
import FileTree

/// CONTRACT SKELETON. A FileTree behind libfuse3. Only importer of CFuse.
public final class Mount: Sendable {
    public struct Options: Sendable {
        public var source: String            // fsname, "hyper://<8 hex>…"
        public var readOnly = true
        public var allowOther = false
        public var extra: [String] = []      // -o options for the kernel
        public var workers = 4
        public init(source: String) { self.source = source }
    }
    /// Mounts; returns once the kernel's INIT was answered. Throws MountError (code: fuseUnavailable, mountpointUnusable, ...).
    public init(tree: Tree, at mountpoint: String, options: Options) throws { preconditionFailure() }
    /// Blocks until unmounted (by us, umount or fusermount3).
    public func wait() { preconditionFailure() }
    public func unmount() { preconditionFailure() }
    /// Unmounts somebody's mountpoint: fusermount3 -u / umount2; lazy when dead or asked.
    public static func unmount(_ mountpoint: String, lazy: Bool) throws { preconditionFailure() }
}
public struct MountError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable { case fuseUnavailable, mountpointUnusable, notMounted, failed }
    public let code: Code; public let message: String; public let hint: String
    public init(_ code: Code, _ message: String, hint: String) { self.code = code; self.message = message; self.hint = hint }
    public var description: String { message }
}
