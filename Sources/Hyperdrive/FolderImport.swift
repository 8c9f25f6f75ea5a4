/// CONTRACT SKELETON. Brings a local folder into an own drive: parallel, streaming, resumable, only what changed.
public final class FolderImport: Sendable {
    public struct Progress: Sendable { public var files = 0, filesTotal = 0; public var bytes: UInt64 = 0, bytesTotal: UInt64 = 0 }
    public struct Options: Sendable { public var ignoreFile = ".hyperfsignore"; public var workers = 2; public init() {} }
    public init(drive: Drive, folder: String, options: Options = Options()) { preconditionFailure() }
    /// One pass: compares the folder with the drive and appends what differs; deletes what is gone. Blocking; call it on a thread of its own.
    /// Returns the changed paths. `progress` at most 4 a second. notes: sockets, devices, unreadable files skipped.
    public func run(progress: @Sendable (Progress) -> Void, note: @Sendable (String) -> Void) throws -> [String] { preconditionFailure() }
    /// Only these paths below the folder (from inotify).
    public func update(_ relativePaths: [String], note: @Sendable (String) -> Void) throws -> [String] { preconditionFailure() }
    public func cancel() {}
}
/// Tells which paths below a folder changed (inotify). Blocking `next` on a thread of its own.
public final class FolderWatch: Sendable {
    public init(folder: String) throws { preconditionFailure() }
    /// Waits for changes and lets them settle (50 ms quiet, 500 ms at most); nil after stop. `.everything` after an overflow.
    public enum Change: Sendable { case paths([String]), everything }
    public func next() -> Change? { preconditionFailure() }
    public func stop() {}
}
