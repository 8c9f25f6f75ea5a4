import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks the node of a store over its socket. Each request has a connection of its own.
public struct ControlClient: Sendable {
    /// The store whose node it is.
    public let store: String
    private let socket: String

    /// Nobody is asked yet, and nobody may be there. Throws NodeError where no socket can be.
    public init(store: String) throws(NodeError) {
        guard let socket = ControlSocket.path(store: store) else {
            throw NodeError.noSocket
        }
        self.store = store
        self.socket = socket
    }

    /// The client of a node that runs; nil: none does. Throws NodeError when somebody listens and
    /// does not answer as it should.
    public static func find(store: String) async throws -> ControlClient? {
        let client = try ControlClient(store: store)
        return try await client.identity() == nil ? nil : client
    }

    /// What the node says of itself; nil: none runs. Somebody else who listens on its socket is
    /// none: the node of a store holds its lock.
    func identity() async throws -> JSONValue? {
        do {
            return try await withThrowingTaskGroup(of: JSONValue?.self) { group in
                group.addTask { try await request(.get, "/v1/node") }
                group.addTask {
                    try await Task.sleep(for: Limits.silenceTime)
                    guard StoreAccess.isLocked(store) else { return nil }
                    try await Task.sleep(for: .nanoseconds(Limits.controlTimeout.nanoseconds))
                    throw silence
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch is Nobody {
            return nil
        } catch  where !Task.isCancelled && !StoreAccess.isLocked(store) {
            return nil
        }
    }

    /// Nobody listens on the socket.
    public struct Nobody: Error {}

    /// One value for an answer; of a stream, its last line. Throws the NodeError that the node
    /// tells, or `.storeLocked` when it does not answer in time.
    @discardableResult
    public func request(
        _ method: ControlMethod, _ path: String, _ body: JSONValue = .null
    ) async throws -> JSONValue {
        try await withThrowingTaskGroup(of: JSONValue.self) { group in
            group.addTask {
                var last = JSONValue.null
                try await stream(method, path, body) { last = $0 }
                return last
            }
            group.addTask {
                try await Task.sleep(for: .nanoseconds(Limits.controlTimeout.nanoseconds))
                throw silence
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw silence }
            return first
        }
    }

    /// Has the node end. One that is gone before its last word was out has done so.
    public func askToEnd(_ path: String, _ body: JSONValue = .null) async throws {
        var isEnding = false
        do {
            try await stream(.post, path, body) { _ in isEnding = true }
        } catch  where isEnding {
            return
        } catch is Nobody {
            return
        } catch let error as NodeError where error.code == .ending {
            return
        }
    }

    /// Returns once the node that was told to end is gone and has given the store free.
    public func waitForEnd() async throws {
        let deadline = ContinuousClock.now + Limits.nodeStartTime
        while StoreAccess.isLocked(store) {
            guard ContinuousClock.now < deadline else {
                throw NodeError(
                    .storeLocked, "the node of \(store) does not end",
                    hint: "its process is named in \(store)/lock")
            }
            try await Task.sleep(for: Limits.nodeStartTick)
        }
    }

    /// Every line of an answer as it comes, for as long as it takes. Cancelled, or when `each`
    /// throws, the connection ends, and the node hears of it.
    public func stream(
        _ method: ControlMethod, _ path: String, _ body: JSONValue = .null,
        _ each: (JSONValue) async throws -> Void
    ) async throws {
        var reader = LineReader()
        var isFailure = false
        try await exchange(method, path, body) { part in
            switch part {
            case .head(let head): isFailure = head.status.code >= 300
            case .body(let bytes): try reader.add(bytes)
            case .end: reader.finish()
            }
            while let line = try reader.next() {
                if let error = NodeError(line) { throw error }
                if isFailure { throw ungainly(line) }
                try await each(line)
            }
        }
    }

    /// The bytes of an answer as they come.
    public func download(
        _ path: String, _ each: (ArraySlice<UInt8>) async throws -> Void
    ) async throws {
        var failure: LineReader?
        try await exchange(.get, path, .null) { part in
            switch part {
            case .head(let head): if head.status.code >= 300 { failure = LineReader() }
            case .body(let bytes):
                guard failure == nil else { return try failure?.add(bytes) ?? () }
                try await each(Array(bytes.readableBytesView)[...])
            case .end:
                failure?.finish()
                guard let line = try failure?.next() else { return }
                throw NodeError(line) ?? ungainly(line)
            }
        }
    }

    /// `?name=value&...` for a path.
    public static func query(_ values: KeyValuePairs<String, String>) -> String {
        let pairs = values.map {
            ControlTarget.encoded($0.key) + "=" + ControlTarget.encoded($0.value)
        }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    /// A segment of a path.
    public static func segment(_ text: String) -> String { ControlTarget.encoded(text) }

    private func exchange(
        _ method: ControlMethod, _ path: String, _ body: JSONValue,
        _ each: (HTTPClientResponsePart) async throws -> Void
    ) async throws {
        let connection = try await connect()
        var progress = Progress.nothing
        do {
            try await connection.executeThenClose { inbound, outbound in
                do {
                    try await send(method, path, body, outbound)
                } catch  where Self.isHangUp(error) {
                    // A node that answers before all is said hangs up early; the answer is here.
                }
                for try await part in inbound {
                    progress = .begun
                    try await each(part)
                    guard case .end = part else { continue }
                    progress = .complete
                    return
                }
                try Task.checkCancellation()
                throw HungUp()
            }
        } catch let error where Self.isHangUp(error) {
            switch progress {
            // What is said after the answer is of no interest.
            case .complete: return
            case .begun:
                throw NodeError(
                    .failed, "the node of \(store) ended before it had answered",
                    hint: "its log tells why; run the command again")
            // It took no notice: one that ends does not.
            case .nothing: throw NodeError.ending
            }
        }
    }

    /// How far an answer has come.
    private enum Progress {
        case nothing
        case begun
        case complete
    }

    /// The connection ended before the answer did.
    private struct HungUp: Error {}

    private static func isHangUp(_ error: any Error) -> Bool {
        if let error = error as? IOError { return [EPIPE, ECONNRESET].contains(error.errnoCode) }
        return error is HungUp || error is ChannelError || error is HTTPParserError
    }

    private func send(
        _ method: ControlMethod, _ path: String, _ body: JSONValue,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPPart<HTTPRequestHead, IOData>>
    ) async throws {
        var head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method.rawValue), uri: path)
        head.headers.add(name: "Host", value: "hyperfs")
        head.headers.add(name: "User-Agent", value: Product.userAgent)
        head.headers.add(name: "Connection", value: "close")
        let bytes = body == .null ? [] : body.text
        if !bytes.isEmpty { head.headers.add(name: "Content-Type", value: "application/json") }
        head.headers.add(name: "Content-Length", value: String(bytes.count))
        try await outbound.write(.head(head))
        if !bytes.isEmpty { try await outbound.write(.body(.byteBuffer(.init(bytes: bytes)))) }
        try await outbound.write(.end(nil))
    }

    private typealias Connection =
        NIOAsyncChannel<HTTPClientResponsePart, HTTPPart<HTTPRequestHead, IOData>>

    private func connect() async throws -> Connection {
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(Limits.controlTimeout)
                .connect(unixDomainSocketPath: socket) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        return try Connection(wrappingChannelSynchronously: channel)
                    }
                }
        } catch let error as IOError where [ENOENT, ECONNREFUSED].contains(error.errnoCode) {
            // The second is the socket of a process that is dead.
            throw Nobody()
        } catch let error as IOError {
            throw NodeError.system("cannot reach the node at \(socket)", error.errnoCode)
        }
    }

    private var silence: NodeError {
        NodeError(
            .storeLocked, "the node of \(store) does not answer",
            hint: "its socket is \(socket); end that process and try again")
    }

    private func ungainly(_ line: JSONValue) -> NodeError {
        NodeError(
            .failed, "the answer of the node is not understood",
            hint: "is it another version of hyperfs? 'hyperfs node --stop' ends it")
    }
}

extension NodeError {
    static let noSocket = NodeError(
        .failed, "no folder for the node's socket in XDG_RUNTIME_DIR, /run or /tmp",
        hint: "set XDG_RUNTIME_DIR to a folder of your own")
}

/// Cuts bytes into JSON lines.
private struct LineReader {
    private var bytes: [UInt8] = []
    private var start = 0
    private var scanned = 0

    mutating func add(_ buffer: ByteBuffer) throws(NodeError) {
        guard bytes.count - start + buffer.readableBytes <= Limits.controlBytes else {
            throw NodeError(.failed, "an answer of the node is too long", hint: "ask for less")
        }
        if start > 0 {
            bytes.removeFirst(start)
            scanned -= start
            start = 0
        }
        bytes += buffer.readableBytesView
    }

    /// What is left is a line, too.
    mutating func finish() { if start < bytes.count { bytes.append(UInt8(ascii: "\n")) } }

    /// The next line that is not empty.
    mutating func next() throws(NodeError) -> JSONValue? {
        while let end = bytes[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = bytes[start..<end]
            start = end + 1
            scanned = start
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { continue }
            do {
                return try JSONValue(parsing: line)
            } catch {
                throw NodeError(
                    .failed, "the answer of the node is no JSON: \(error)",
                    hint: "is it another version of hyperfs? 'hyperfs node --stop' ends it")
            }
        }
        scanned = bytes.count
        return nil
    }
}
