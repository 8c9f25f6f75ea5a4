import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The two ports of the web page, on loopback only: the controls on 127.0.0.1, the files of drives
/// on localhost, which browsers take for another site.
final class WebServer: Sendable {
    private let channels: [any Channel]
    private let access: WebAccess
    private let host: String
    private let sampling: RepeatedTask
    private let isClosed = Atomic<Bool>(false)

    private init(
        channels: [any Channel], access: WebAccess, host: String, sampling: RepeatedTask
    ) {
        self.channels = channels
        self.access = access
        self.host = host
        self.sampling = sampling
    }

    /// Listens. Port 0: any that is free. Throws NodeError `.network`.
    static func start(_ node: StoreNode, port: Int) async throws -> WebServer {
        let access = WebAccess()
        let drives = WebDrives(node.engine)
        let rates = RateHistory()
        var channels: [any Channel] = []
        do {
            let rooms = Rooms()
            let page = try await listen(on: "127.0.0.1", port, node.engine.loop, rooms.show)
            channels.append(page)
            let files = try await listen(on: "127.0.0.1", 0, node.engine.loop, rooms.serve)
            channels.append(files)
            let filesPort = files.localAddress?.port ?? 0
            // A browser may take localhost for the one or the other; no IPv6 is no fault.
            if let other = try? await listen(
                on: "::1", filesPort, node.engine.loop, rooms.serve)
            {
                channels.append(other)
            }
            let host = "127.0.0.1:\(page.localAddress?.port ?? 0)"
            let contentHost = "localhost:\(filesPort)"
            rooms.open(
                WebSite(
                    node: node, access: access, drives: drives, rates: rates, host: host,
                    contentHost: contentHost),
                WebContent(access: access, drives: drives, host: contentHost))
            let engine = node.engine
            let sampling = engine.loop.scheduleRepeatedTask(
                initialDelay: .zero, delay: .seconds(1)
            ) { [weak engine] _ in
                guard let now = engine?.rates else { return }
                rates.add(RateHistory.Sample(received: now.received, sent: now.sent))
            }
            let server = WebServer(
                channels: channels, access: access, host: host, sampling: sampling)
            node.closeAtEnd { [weak server] in await server?.close() }
            return server
        } catch {
            for channel in channels { channel.close(promise: nil) }
            throw NodeError(error, while: "opening the web page on port \(port)")
        }
    }

    /// An address that lets one browser in, once, and leads to a page.
    func link(to path: String) -> String {
        let ticket = "http://\(host)/?ticket=\(access.newTicket(now: .now()))"
        return path == "/" ? ticket : ticket + "&to=" + ControlTarget.encoded(path)
    }

    /// No more pages. Once is enough.
    func close() async {
        // Once the node has ended the loop answers nobody.
        guard !isClosed.exchange(true, ordering: .sequentiallyConsistent) else { return }
        sampling.cancel()
        for channel in channels {
            // Closed twice is closed.
            try? await channel.close()
        }
    }

    private static func listen(
        on address: String, _ port: Int, _ loop: any EventLoop,
        _ respond: @escaping HTTPConnection.Responder
    ) async throws -> any Channel {
        let clients = ControlClients(max: Limits.webClientsMax)
        return try await ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard clients.admit(channel) else { return channel.close(promise: nil) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(HTTPConnection(respond))
                }
            }
            .bind(host: address, port: port).get()
    }
}

/// Who answers on which port: known once both ports are.
private final class Rooms: Sendable {
    private let both = Mutex<(site: WebSite, content: WebContent)?>(nil)

    func open(_ site: WebSite, _ content: WebContent) { both.withLock { $0 = (site, content) } }

    @Sendable func show(
        _ head: HTTPRequestHead, _ body: [UInt8], _ writer: ControlWriter
    ) async {
        guard let site = both.withLock({ $0?.site }) else { return }
        await respond(head, body, writer, site, site.answer)
    }

    @Sendable func serve(
        _ head: HTTPRequestHead, _ body: [UInt8], _ writer: ControlWriter
    ) async {
        guard let (site, content) = both.withLock({ $0 }) else { return }
        await respond(head, body, writer, site, content.answer)
    }

    /// A failure is a page, too.
    private func respond(
        _ head: HTTPRequestHead, _ body: [UInt8], _ writer: ControlWriter, _ site: WebSite,
        _ answer: (WebRequest) async throws -> WebAnswer
    ) async {
        let isHeadOnly = head.method == .HEAD
        do {
            let answer = try await answer(WebRequest(head, body: body))
            await writer.finish(answer.control(isHeadOnly: isHeadOnly))
        } catch {
            let page = site.page(NodeError(error, while: "showing \(head.uri)"))
            await writer.finish(page.control(isHeadOnly: isHeadOnly))
        }
    }
}
