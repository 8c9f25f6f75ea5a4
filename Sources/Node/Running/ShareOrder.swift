/// What is asked of a node when a folder is to be shared: the body of `POST /v1/shares`.
public struct ShareOrder: Codable, Sendable, Equatable {
    /// Absolute.
    public var folder: String
    /// A local name for the drive.
    public var name: String?
    /// Imported, then only served.
    public var isOnce = false
    /// The folder's own files hold the bytes, the store no copy of them; nil: as it was before.
    public var isInPlace: Bool?
    /// The file with rules of what is left out; nil: the usual one.
    public var ignoreFile: String?
    /// Left to the node, which takes it up again at its next start; otherwise it ends with the one
    /// who asked for it.
    public var isDetached = false
    /// Peers to connect to for it, as `HOST:PORT`.
    public var peers: [String] = []

    /// Shares with the usual options.
    public init(folder: String) { self.folder = folder }

    /// Throws `.usage` for what is no order.
    init(_ request: ControlRequest) throws(NodeError) {
        folder = try request.text("folder")
        guard folder.hasPrefix("/") else {
            throw ControlRequest.wrong("folder", "must begin with a slash")
        }
        name = try request.optionalText("name")
        if let name, !DriveReference.isName(name) {
            throw ControlRequest.wrong("name", "is no name for a drive")
        }
        isOnce = try request.flag("once")
        isInPlace = try request.optionalFlag("inPlace")
        ignoreFile = try request.optionalText("ignoreFile")
        isDetached = try request.flag("detached")
        peers = try request.texts("peers")
    }

    /// The body of the request.
    public var json: JSONValue {
        [
            "folder": .string(folder), "name": name.map { .string($0) } ?? .null,
            "once": .bool(isOnce), "ignoreFile": ignoreFile.map { .string($0) } ?? .null,
            "inPlace": isInPlace.map { .bool($0) } ?? .null,
            "detached": .bool(isDetached), "peers": .array(peers.map { .string($0) }),
        ]
    }
}
