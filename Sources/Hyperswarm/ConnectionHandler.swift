import NIOCore

/// The end of a connection's pipeline: hands bytes and events to the swarm. Lives on the loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let swarm: Swarm
    /// Whom we dialed; `nil` for an accepted connection.
    private let peer: Swarm.Address?
    private var connection: Swarm.Connection?

    init(swarm: Swarm, peer: Swarm.Address?) {
        self.swarm = swarm
        self.peer = peer
    }

    func channelActive(context: ChannelHandlerContext) {
        let connection = Swarm.Connection(channel: context.channel, peer: peer)
        // Set first: what is sent while it begins may fill the socket, and that must be told.
        self.connection = connection
        if !swarm.begin(connection) { context.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let connection else { return }
        let buffer = unwrapInboundIn(data)
        buffer.withUnsafeReadableBytes { swarm.handler.received($0, on: connection) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if let connection { swarm.handler.writable(connection, context.channel.isWritable) }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection?.failed(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let connection { swarm.ended(connection) }
        connection = nil
        context.fireChannelInactive()
    }
}
