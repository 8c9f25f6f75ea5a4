import NIOCore

// uTP connections, on the loop: what `ConnectionHandler` does for TCP.

extension Swarm {
    /// The UDP port; `nil` before `start`, and when nothing needs it.
    var port: DatagramPort? { state.value.port }

    /// Whether anything speaks UDP with other machines than those of the LAN.
    var needsPort: Bool { configuration.utp || configuration.dht || configuration.mainline }

    /// Binds UDP on the number that TCP got (swarm.md 3).
    func bindPort(_ address: Address) async throws {
        guard let endpoint = Endpoint(address) else { return }
        try await loop.flatSubmit { self.openPort().bind(endpoint) }.map { _ in }.get()
    }

    /// For one who only dials: any number, of those families that there are.
    func listenForAnswers() async {
        for host in ["0.0.0.0", "::"] { try? await bindPort(Address(host: host, port: 0)) }
    }

    private func openPort() -> DatagramPort {
        if let port { return port }
        let port = DatagramPort(loop: loop)
        port.utp.isAccepting = configuration.utp
        port.onNews = { [unowned self] connection, news in noticed(connection, news) }
        state.value.port = port
        return port
    }

    /// A dial hears how its uTP connection fares.
    func watch(_ connection: UTPConnection, _ dial: Dial) {
        state.value.dials[ObjectIdentifier(connection)] = dial
    }

    /// A uTP connection stands: it is handed to the owner, or ended if it has no place.
    func begin(on stream: UTPStream, peer: Address?) {
        let connection = Connection(stream: stream, peer: peer, loop: loop)
        let id = ObjectIdentifier(stream.connection)
        // Set first: what the owner does while it begins has its consequences here.
        state.value.streams[id] = connection
        stream.onClose = { [unowned self] in finished(connection) }
        guard !begin(connection) else { return }
        stream.onClose = nil
        state.value.streams[id] = nil
        stream.abort()
    }

    private func noticed(_ carrier: UTPConnection, _ news: UTPConnection.News) {
        let id = ObjectIdentifier(carrier)
        if let dial = state.value.dials[id] {
            if news.contains(.opened) || news.contains(.closed) { state.value.dials[id] = nil }
            if news.contains(.opened) {
                dial.utpOpened(carrier)
            } else if news.contains(.closed) {
                dial.utpFailed(carrier)
            }
        } else if news.contains(.opened), !carrier.isInitiator, let port {
            begin(on: UTPStream(carrier, on: port), peer: nil)
        }
        guard let connection = state.value.streams[id] else { return }
        if news.contains(.received) {
            carrier.takeReceived().withUnsafeBytes { handler.received($0, on: connection) }
        }
        if news.contains(.writable) { handler.writable(connection, carrier.isWritable) }
        if let failure = carrier.failure { connection.failed(failure) }
        if news.contains(.ended) { carrier.close() }
        if news.contains(.ended) || news.contains(.closed) { finished(connection) }
    }

    /// The connection is over for its owner. What it sent may still be under way.
    private func finished(_ connection: Connection) {
        guard case .utp(let stream) = connection.carrier else { return }
        stream.value.onClose = nil
        state.value.streams[ObjectIdentifier(stream.value.connection)] = nil
        ended(connection)
    }
}
