/// What is asked of a node when a drive is to be mounted: the body of `POST /v1/mounts`.
public struct MountOrder: Sendable, Equatable {
    /// A key, a URL or a local name.
    public var drive: String
    /// Absolute.
    public var mountpoint: String
    /// How.
    public var options = MountedDrive.Options()
    /// Peers to connect to for it, as `HOST:PORT`.
    public var peers: [String] = []
    /// Unmounted when the one who asked for it goes away.
    public var isAttached = false

    /// Mounts with the usual options.
    public init(drive: String, mountpoint: String) {
        self.drive = drive
        self.mountpoint = mountpoint
    }

    /// Throws `.usage` for what is no order.
    init(_ request: ControlRequest) throws(NodeError) {
        options.isNetwork = try request.flag("network")
        drive = options.isNetwork ? "" : try request.text("drive")
        mountpoint = try request.text("mountpoint")
        guard mountpoint.hasPrefix("/") else {
            throw ControlRequest.wrong("mountpoint", "must begin with a slash")
        }
        options.readOnly = try request.flag("readOnly")
        options.allowOther = try request.flag("allowOther")
        options.showsOwners = try request.flag("owners")
        options.extra = try request.texts("options")
        options.readAheadBytes = try request.number("readAheadBytes").map { Int(clamping: $0) }
        options.cacheBytes = try request.number("cacheBytes")
        options.timeout = try request.number("timeoutMilliseconds").map {
            .milliseconds(Int64(clamping: $0))
        }
        peers = try request.texts("peers")
        isAttached = try request.flag("attached")
    }

    /// The body of the request.
    public var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init(name: "drive", value: .string(drive)),
            .init(name: "mountpoint", value: .string(mountpoint)),
            .init(name: "network", value: .bool(options.isNetwork)),
            .init(name: "readOnly", value: .bool(options.readOnly)),
            .init(name: "allowOther", value: .bool(options.allowOther)),
            .init(name: "owners", value: .bool(options.showsOwners)),
            .init(name: "options", value: .array(options.extra.map { .string($0) })),
            .init(name: "peers", value: .array(peers.map { .string($0) })),
            .init(name: "attached", value: .bool(isAttached)),
        ]
        if let bytes = options.readAheadBytes {
            members.append(.init(name: "readAheadBytes", value: .number(UInt64(bytes))))
        }
        if let bytes = options.cacheBytes {
            members.append(.init(name: "cacheBytes", value: .number(bytes)))
        }
        if let timeout = options.timeout {
            members.append(.init(name: "timeoutMilliseconds", value: .number(timeout.milliseconds)))
        }
        return .object(members)
    }
}

extension Duration {
    /// Whole ones, 0 for negative.
    public var milliseconds: UInt64 { microseconds / 1000 }

    /// Whole ones, 0 for negative.
    var microseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(0, seconds)) &* 1_000_000
            &+ UInt64(max(0, attoseconds) / 1_000_000_000_000)
    }
}
