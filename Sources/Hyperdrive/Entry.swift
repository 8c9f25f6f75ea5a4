import HyperCrypto

/// A file, folder, link or nested drive in a drive, as it was when somebody asked.
public struct Entry: Sendable {
    /// Full path from the drive that was asked.
    public var path: String
    /// Last name of the path; empty for the root.
    public var name: String
    /// What is known about it.
    public var stat: Stat
    /// The drive that holds it. For the place where a drive is nested, the outer one.
    public var drive: Drive
    /// The path in that drive.
    public var innerPath: String
    /// A folder that exists only because something lies below it.
    public var isImplicit: Bool
    /// The root of a nested drive: its key and pinned version.
    public var mount: (key: PublicKey, version: UInt64?)?
    /// Block of the metadata feed; 0 for the root and implicit folders.
    public var seq: UInt64
}
