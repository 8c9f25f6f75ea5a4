import NIOCore
import NIOHTTP1

/// One connection of the control socket: a request, its answer, the next one. Lives on the loop.
///
/// A request must be complete within `controlTimeout` of the connection's start or of the answer
/// before it: who sends nothing, or half of something, is sent away. An answer may take as long as
/// it takes; it is cancelled when the client goes.
final class ControlConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let router: ControlRouter
    private let responder: ControlServer.Responder
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// Answered before its end: the rest of the request is of no interest.
    private var isRefused = false
    private var timer: Scheduled<Void>?
    private var answering: Task<Void, Never>?

    init(_ router: ControlRouter, _ responder: @escaping ControlServer.Responder) {
        self.router = router
        self.responder = responder
    }

    func handlerAdded(context: ChannelHandlerContext) { armTimer(context.channel) }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        timer?.cancel()
        answering?.cancel()
        answering = nil
    }

    private func armTimer(_ channel: any Channel) {
        timer?.cancel()
        timer = channel.eventLoop.scheduleTask(in: Limits.controlTimeout) {
            channel.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            body = []
            self.head = head
            if head.uri.utf8.count > Limits.controlPathBytes {
                refuse(414, "the path is too long", context)
            } else if let text = head.headers.first(name: "content-length"),
                Int(text) ?? Int.max > Limits.controlBodyBytes
            {
                refuse(413, "the body is too long", context)
            }
        case .body(let bytes):
            guard body.count + bytes.readableBytes <= Limits.controlBodyBytes else {
                return refuse(413, "the body is too long", context)
            }
            body += bytes.readableBytesView
        case .end:
            guard let head else { return }
            timer?.cancel()
            answer(head, context)
        }
    }

    /// Answers at once and hangs up.
    private func refuse(_ status: Int, _ reason: String, _ context: ChannelHandlerContext) {
        isRefused = true
        let error = NodeError(.usage, reason, hint: "see docs/control-api.md")
        let writer = ControlWriter(context.channel, keepsAlive: false)
        answering = Task { await writer.finish(error, status: status) }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let work = Work(head: head, body: body, router: router, responder: responder)
        body = []
        self.head = nil
        let writer = ControlWriter(channel, keepsAlive: head.isKeepAlive)
        let answered = channel.eventLoop.makePromise(of: Void.self)
        answered.futureResult.assumeIsolated().whenComplete { _ in
            self.answering = nil
            if channel.isActive { self.armTimer(channel) }
        }
        answering = Task {
            await work.answer(on: writer)
            answered.succeed()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// A request that has come whole, and what leads to its answer.
private struct Work: Sendable {
    let head: HTTPRequestHead
    let body: [UInt8]
    let router: ControlRouter
    let responder: ControlServer.Responder

    func answer(on writer: ControlWriter) async {
        do {
            let target = try ControlTarget(head.uri)
            let method = ControlMethod(rawValue: head.method.rawValue)
            switch router.match(method, target.segments) {
            case .nothing:
                let error = NodeError(
                    .notFound, "there is no \(target.path)", hint: "see docs/control-api.md")
                await writer.finish(error, status: 404)
            case .otherMethods(let methods):
                let list = methods.map(\.rawValue).joined(separator: ", ")
                let error = NodeError(
                    .usage, "\(target.path) does not know \(head.method.rawValue)",
                    hint: "it knows \(list)")
                await writer.finish(error, status: 405, headers: [("Allow", list)])
            case .route(let route, let parameters):
                let request = ControlRequest(
                    method: route.method, target: target, parameters: parameters,
                    body: try parsedBody())
                await writer.finish(try await responder(request, route))
            }
        } catch {
            await writer.finish(NodeError(error, while: "\(head.method.rawValue) \(head.uri)"))
        }
    }

    private func parsedBody() throws(NodeError) -> JSONValue {
        if body.isEmpty { return .null }
        do {
            return try JSONValue(parsing: body)
        } catch {
            throw NodeError(
                .usage, "the request's body is no JSON: \(error)", hint: "see docs/control-api.md")
        }
    }
}
