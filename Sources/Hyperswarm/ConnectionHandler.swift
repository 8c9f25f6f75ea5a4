import NIOCore

/// The end of a connection's pipeline: hands bytes and events to the swarm. Lives on the loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let swarm: Swarm
    private let origin: Swarm.Connection.Origin
    private var connection: Swarm.Connection?

    init(swarm: Swarm, origin: Swarm.Connection.Origin) {
        self.swarm = swarm
        self.origin = origin
    }

    /// Behind a relay the channel has long been there.
    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard connection == nil else { return }
        let connection = Swarm.Connection(channel: context.channel, origin: origin)
        // Set first: what is sent while it begins may fill the socket, and that must be told.
        self.connection = connection
        if !swarm.begin(connection) { context.close(promise: nil) }
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
