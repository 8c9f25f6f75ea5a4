import NIOCore
import NIOHTTP1

/// One connection of a client: a request, its answer, the next one. Lives on the loop.
///
/// A request must be complete within `controlTimeout` of the connection's start or of the answer
/// before it: who sends nothing, or half of something, is sent away. An answer may take as long as
/// it takes; it is cancelled when the client goes.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Answers a request that has come whole.
    typealias Responder =
        @Sendable (_ head: HTTPRequestHead, _ body: [UInt8], _ writer: ControlWriter) async -> Void

    private let responder: Responder
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// Answered before its end: the rest of the request is of no interest.
    private var isRefused = false
    private var timer: Scheduled<Void>?
    private var answering: Task<Void, Never>?

    init(_ responder: @escaping Responder) { self.responder = responder }

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
        let (responder, body) = (responder, body)
        self.body = []
        self.head = nil
        let writer = ControlWriter(channel, keepsAlive: head.isKeepAlive)
        let answered = channel.eventLoop.makePromise(of: Void.self)
        answered.futureResult.assumeIsolated().whenComplete { _ in
            self.answering = nil
            if channel.isActive { self.armTimer(channel) }
        }
        answering = Task {
            await responder(head, body, writer)
            answered.succeed()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
