import NIOCore

/// CONTRACT SKELETON. Byte-stream connections to peers: listens, dials and redials. All callbacks on `loop`.
public final class Swarm: Sendable {
    public struct Address: Hashable, Sendable, CustomStringConvertible { public var host: String; public var port: Int; public init(host: String, port: Int) { self.host = host; self.port = port }
        /// "host:port", "[v6]:port"; nil when malformed.
        public init?(_ text: String) { return nil }
        public var description: String { "" } }
    public struct Configuration: Sendable { public var listen: [Address] = []; public var peers: [Address] = []; public init() {} }
    /// A connection; methods on the loop.
    public final class Connection: Sendable {
        public let isInitiator: Bool
        public let remote: String
        init() { preconditionFailure() }
        public func send(_ bytes: [UInt8]) { preconditionFailure() }
        public func close(reason: (any Error)?) { preconditionFailure() }
    }
    public protocol Handler: AnyObject, Sendable {
        func opened(_ connection: Connection)
        func received(_ bytes: UnsafeRawBufferPointer, on connection: Connection)
        func writable(_ connection: Connection, _ isWritable: Bool)
        func closed(_ connection: Connection, error: (any Error)?)
    }
    public init(loop: any EventLoop, configuration: Configuration, handler: any Handler) { preconditionFailure() }
    /// Binds; returns the addresses that peers can dial. Throws SwarmError for an address that cannot be had.
    public func start() async throws -> [Address] { preconditionFailure() }
    public func dial(_ peer: Address) { preconditionFailure() }
    public func stop() async { preconditionFailure() }
}
