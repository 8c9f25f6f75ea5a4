import NIOCore

/// What a handler answers with.
public enum ControlAnswer: Sendable {
    /// One JSON value, at once.
    case value(JSONValue)
    /// JSON lines as they come (`application/x-ndjson`). A failure before the first line is an
    /// HTTP error; later it is the last line. Cancelled when the client goes away.
    case lines(@Sendable (any ControlStream) async throws -> Void)
    /// The same as server-sent events (`text/event-stream`), named by their `event`.
    case events(@Sendable (any ControlStream) async throws -> Void)
    /// Bytes as they come, under a head of the handler's own.
    case bytes(ControlHead, @Sendable (any ControlStream) async throws -> Void)
}

/// Status and headers of an answer that is not JSON.
public struct ControlHead: Sendable {
    /// 200, 206...
    public var status: Int
    /// Names and values.
    public var headers: [(name: String, value: String)]

    /// A head.
    public init(status: Int = 200, headers: [(name: String, value: String)]) {
        self.status = status
        self.headers = headers
    }
}

/// Where a handler's lines, events or bytes go. Each call waits until the client keeps up, and
/// throws when it has gone.
public protocol ControlStream: Sendable {
    /// A line, or an event.
    func send(_ value: JSONValue) async throws
    /// Bytes as they are.
    func send(_ bytes: [UInt8]) async throws
}
