import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Answers commands about a running engine: HTTP/1.1 with JSON on a Unix socket
/// (docs/control-api.md). `GET` only: it tells, and changes nothing.
final class ControlServer: Sendable {
    /// The answer to a path; `nil`: there is no such thing.
    typealias Router = @Sendable (_ path: String) async -> JSONValue?

    private let channel: any Channel
    private let path: String

    private init(channel: any Channel, path: String) {
        self.channel = channel
        self.path = path
    }

    /// Listens. What is left of a process that has died is replaced: whoever calls holds the
    /// store's lock. Throws the system's error.
    static func start(
        at path: String, loop: any EventLoop, router: @escaping Router
    ) async throws -> ControlServer {
        let channel = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandlers(
                        IdleStateHandler(allTimeout: Limits.controlTimeout),
                        ControlHandler(router))
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        guard chmod(path, 0o600) == 0 else {
            let reason = IOError(errnoCode: errno, reason: "chmod \(path)")
            try? await channel.close()
            throw reason
        }
        return ControlServer(channel: channel, path: path)
    }

    /// Ends, and takes the socket away.
    func close() async {
        unlink(path)
        // Closed twice is closed.
        try? await channel.close()
    }
}

/// One connection: one answer for each request. Lives on the loop.
private final class ControlHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let router: ControlServer.Router
    private var request: HTTPRequestHead?

    init(_ router: @escaping ControlServer.Router) { self.router = router }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): request = head
        case .body: break
        case .end:
            guard let head = request else { return }
            request = nil
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard head.method == .GET, head.uri.utf8.count <= Limits.controlPathBytes else {
            return send(.methodNotAllowed, ["message": "only GET is known"], head, context)
        }
        let router = router
        let uri = head.uri
        let own = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let told = context.eventLoop.makeFutureWithTask { await router(uri) }
        told.whenSuccess { value in
            let (handler, context) = own.value
            guard context.channel.isActive else { return }
            if let value { return handler.send(.ok, value, head, context) }
            handler.send(.notFound, ["message": "there is no such thing"], head, context)
        }
    }

    private func send(
        _ status: HTTPResponseStatus, _ value: JSONValue, _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        let body = ByteBuffer(bytes: value.text + [UInt8(ascii: "\n")])
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: "application/json")
        headers.add(name: "Content-Length", value: String(body.readableBytes))
        let answer = HTTPResponseHead(version: head.version, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(answer)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
