import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Answers commands: HTTP/1.1 with JSON on a Unix socket that only its owner may use
/// (docs/control-api.md).
final class ControlServer: Sendable {
    /// Answers a request that has come whole.
    typealias Responder = @Sendable (ControlRequest, ControlRoute) async throws -> ControlAnswer

    private let channel: any Channel
    private let path: String
    /// Tells our socket from one that was put in its place.
    private let inode: ino_t?
    private let clients: ControlClients

    private init(channel: any Channel, path: String, inode: ino_t?, clients: ControlClients) {
        self.channel = channel
        self.path = path
        self.inode = inode
        self.clients = clients
    }

    /// Listens. What is left of a process that has died is replaced: whoever calls holds the
    /// store's lock. Throws the system's error.
    static func start(
        at path: String, loop: any EventLoop, router: ControlRouter, occupancy: Occupancy,
        responder: @escaping Responder
    ) async throws -> ControlServer {
        let clients = ControlClients()
        let channel = try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: Limits.controlBacklog)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard mayAsk(channel), clients.admit(channel) else {
                        return channel.close(promise: nil)
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        HTTPConnection { head, body, writer in
                            let exchange = ControlExchange(
                                head: head, body: body, router: router, occupancy: occupancy,
                                responder: responder)
                            await exchange.answer(on: writer)
                        })
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        guard chmod(path, 0o600) == 0 else {
            let reason = IOError(errnoCode: errno, reason: "chmod \(path)")
            try? await channel.close()
            throw reason
        }
        return ControlServer(
            channel: channel, path: path, inode: inode(of: path), clients: clients)
    }

    /// No new clients, and the socket is taken away. Those who are connected stay.
    func stopListening() async {
        // Where the store was removed, the socket may be that of another node by now.
        if Self.inode(of: path) == inode { unlink(path) }
        // Closed twice is closed.
        try? await channel.close()
    }

    /// Sends everybody away.
    func closeClients() async { await clients.closeAll() }

    private static func inode(of path: String) -> ino_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_ino : nil
    }

    /// SO_PEERCRED, which Glibc's module leaves out as it does what it tells: struct ucred.
    private static let peerCredentials: CInt = 17

    /// Process, user and group at the other end.
    private struct Credentials {
        var process: Int32 = 0
        var user: UInt32 = .max
        var group: UInt32 = .max
    }

    /// Whether the process at the other end is the owner's, or root's.
    private static func mayAsk(_ channel: any Channel) -> Bool {
        guard let provider = channel as? any SocketOptionProvider else { return false }
        let option = NIOBSDSocket.Option(rawValue: peerCredentials)
        // On the channel's own loop the answer is there at once.
        let asked: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: .socket, name: option)
        let told = NIOLoopBoundBox(Credentials(), eventLoop: channel.eventLoop)
        asked.whenSuccess { told.value = $0 }
        return [geteuid(), 0].contains(told.value.user)
    }
}
