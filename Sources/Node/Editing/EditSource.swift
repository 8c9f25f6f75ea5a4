import HyperCrypto

/// What is copied or moved: a path in a drive.
public struct EditSource: Codable, Sendable, Equatable {
    /// The drive in 64 hexadecimal digits; `nil`: the one that is changed.
    public var drive: String?
    /// The version that is meant; `nil`: the newest.
    public var version: UInt64?
    /// Absolute in the drive; with a slash at its end it must be a folder.
    public var path: String

    /// A path of a drive.
    public init(drive: PublicKey? = nil, version: UInt64? = nil, path: String) {
        self.drive = drive?.hex
        self.version = version
        self.path = path
    }
}
