import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks the process that holds a store.
public enum ControlClient {
    /// The answer to a path, as JSON. `nil`: nothing runs on this store. Throws NodeError when
    /// somebody listens and does not answer as it should.
    public static func get(_ path: String, store: String) async throws -> Data? {
        guard let socket = ControlSocket.path(store: store), access(socket, F_OK) == 0 else {
            return nil
        }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: Data.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .connectTimeout(Limits.controlTimeout)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(AnswerReader(promise))
                    }
                }
                .connect(unixDomainSocketPath: socket).get()
        } catch {
            promise.fail(error)
            // The socket of a process that is dead.
            return nil
        }
        let timer = loop.scheduleTask(in: Limits.controlTimeout) { channel.close(promise: nil) }
        defer { timer.cancel() }
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path)
        head.headers.add(name: "Host", value: "hyperfs")
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        do {
            let data = try await promise.futureResult.get()
            // The answer is here; how the connection ends is of no interest.
            try? await channel.close()
            return data
        } catch {
            throw NodeError(
                .storeLocked, "the process that holds \(store) does not answer",
                hint: "its socket is \(socket); end that process and try again")
        }
    }
}

/// Gathers one answer. Lives on the loop.
private final class AnswerReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let promise: EventLoopPromise<Data>
    private var body: [UInt8] = []
    private var isOK = false
    private var isDone = false

    init(_ promise: EventLoopPromise<Data>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): isOK = head.status == .ok
        case .body(let bytes):
            guard body.count + bytes.readableBytes <= Limits.controlBytes else {
                return context.close(promise: nil)
            }
            body += bytes.readableBytesView
        case .end:
            guard isOK else { return context.close(promise: nil) }
            isDone = true
            promise.succeed(Data(body))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { promise.fail(ChannelError.eof) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
