import NIOCore
import NIOHTTP1
import NIOPosix

/// A port that Prometheus asks: `GET /metrics`, and nothing else. No secrets, no changes.
public final class MetricsServer: Sendable {
    private let channel: any Channel

    private init(_ channel: any Channel) { self.channel = channel }

    /// Listens until the node ends. Throws NodeError `.network`.
    public static func start(_ node: StoreNode, host: String, port: Int) async throws
        -> MetricsServer
    {
        let clients = ControlClients(max: Limits.metricsClientsMax)
        let bootstrap = ServerBootstrap(group: node.engine.loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard clients.admit(channel) else { return channel.close(promise: nil) }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        HTTPConnection { [weak node] head, _, writer in
                            let answer = await Self.answer(head, node)
                            await writer.finish(answer.control(isHeadOnly: head.method == .HEAD))
                        })
                }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            // Closed twice is closed.
            node.closeAtEnd { try? await channel.close() }
            return MetricsServer(channel)
        } catch {
            throw NodeError(error, while: "opening the port of the metrics, \(host):\(port)")
        }
    }

    /// Where it listens, with the port that was free.
    public var address: String {
        let local = channel.localAddress
        return "\(local?.ipAddress ?? ""):\(local?.port ?? 0)"
    }

    private static func answer(_ head: HTTPRequestHead, _ node: StoreNode?) async -> WebAnswer {
        guard let node, head.uri == "/metrics" else {
            return WebAnswer(404, type: "text/plain", "Ask for /metrics.\n")
        }
        return WebAnswer(type: Self.type, await node.metrics())
    }

    /// The form that Prometheus expects.
    static let type = "text/plain; version=0.0.4; charset=utf-8"
}
