import NIOCore

/// A uTP connection as what carries a `Swarm.Connection`. Confined to the loop.
final class UTPStream {
    let connection: UTPConnection
    private let port: DatagramPort
    /// Called once, after the turn in which `close` was: the owner is done with it.
    var onClose: (() -> Void)?

    init(_ connection: UTPConnection, on port: DatagramPort) {
        self.connection = connection
        self.port = port
    }

    /// Queues bytes, any number of them.
    func write(_ bytes: ByteBuffer) {
        connection.write(bytes)
        touch()
    }

    /// Ends in good order: what was written still goes out.
    func close() {
        connection.close()
        touch()
        let own = NIOLoopBound(self, eventLoop: port.loop)
        port.loop.execute { own.value.onClose?() }
    }

    /// Ends at once.
    func abort() {
        port.utp.abort(connection, now: .now())
        port.schedulePump()
    }

    /// Whether the two are the ends of one connection.
    func isTwin(of other: UTPStream) -> Bool {
        port === other.port && connection.receiveID == other.connection.sendID
            && connection.sendID == other.connection.receiveID
            && port.bound.contains { $0.port == connection.remote.port }
    }

    private func touch() {
        port.utp.touch(connection)
        port.schedulePump()
    }
}
