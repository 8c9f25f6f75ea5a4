import NIOCore
import NIOHTTP1
import Synchronization

/// Writes one answer: a value or an error in one piece, or a stream whose head leaves with its
/// first piece.
final class ControlWriter: ControlStream {
    private enum Form: Sendable {
        case lines
        case events
        case bytes(ControlHead)
    }

    private struct State: Sendable {
        var form = Form.lines
        var hasBegun = false
    }

    private let channel: any Channel
    private let keepsAlive: Bool
    private let state = Mutex(State())

    init(_ channel: any Channel, keepsAlive: Bool) {
        self.channel = channel
        self.keepsAlive = keepsAlive
    }

    /// Sends the whole answer. What goes wrong on the way to a client that is gone is of no
    /// interest to anybody.
    func finish(_ answer: ControlAnswer) async {
        do {
            switch answer {
            case .value(let value): return try await sendWhole(value, status: 200, headers: [])
            case .lines(let body): try await body(self)
            case .events(let body):
                state.withLock { $0.form = .events }
                try await body(self)
            case .bytes(let head, let body):
                state.withLock { $0.form = .bytes(head) }
                try await body(self)
            }
            try await begin()
            try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
            if !keepsAlive { try await channel.close() }
        } catch {
            await finish(NodeError(error, while: "answering"))
        }
    }

    /// Sends an error; when lines have gone out already, as the last of them.
    func finish(
        _ error: NodeError, status: Int? = nil, headers: [(name: String, value: String)] = []
    ) async {
        guard channel.isActive else { return }
        let (form, hasBegun) = state.withLock { ($0.form, $0.hasBegun) }
        do {
            guard hasBegun else {
                let status = status ?? error.httpStatus
                return try await sendWhole(error.json, status: status, headers: headers)
            }
            // Bytes that end too early can only be told by hanging up.
            if case .bytes = form { return try await channel.close() }
            try await send(error.json)
            try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
            if !keepsAlive { try await channel.close() }
        } catch {
            channel.close(promise: nil)
        }
    }

    func send(_ value: JSONValue) async throws {
        let isEvents = state.withLock { state in
            if case .events = state.form { true } else { false }
        }
        guard isEvents else { return try await send(value.text + [UInt8(ascii: "\n")]) }
        let name = value["event"]?.string ?? "message"
        try await send(Array("event: \(name)\ndata: ".utf8) + value.text + Array("\n\n".utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        try Task.checkCancellation()
        try await begin()
        try await channel.writeAndFlush(
            HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes))))
    }

    /// The head of a stream, once.
    private func begin() async throws {
        let form = state.withLock { state -> Form? in
            if state.hasBegun { return nil }
            state.hasBegun = true
            return state.form
        }
        guard let form else { return }
        switch form {
        case .lines: try await sendHead(200, [("Content-Type", "application/x-ndjson")])
        case .events:
            try await sendHead(
                200, [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
        case .bytes(let head): try await sendHead(head.status, head.headers)
        }
    }

    private func sendHead(
        _ status: Int, _ headers: [(name: String, value: String)]
    ) async throws {
        var fields = HTTPHeaders(headers.map { ($0.name, $0.value) })
        fields.replaceOrAdd(name: "Server", value: Product.userAgent)
        if !keepsAlive { fields.replaceOrAdd(name: "Connection", value: "close") }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: fields)
        try await channel.writeAndFlush(HTTPServerResponsePart.head(head))
    }

    private func sendWhole(
        _ value: JSONValue, status: Int, headers: [(name: String, value: String)]
    ) async throws {
        let bytes = value.text + [UInt8(ascii: "\n")]
        state.withLock { $0.hasBegun = true }
        try await sendHead(
            status,
            headers + [
                ("Content-Type", "application/json"), ("Content-Length", String(bytes.count)),
            ])
        try await send(bytes)
        try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
        if !keepsAlive { try await channel.close() }
    }
}
