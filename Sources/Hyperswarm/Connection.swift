import Glibc
import NIOCore

extension Swarm {
    /// A byte stream to a peer. Its methods are for the swarm's loop.
    public final class Connection: Sendable {
        /// The address that we dialed, as it was given; `nil` when the peer dialed us.
        public let peer: Address?
        /// Whether we speak first: who dialed, or called through a relay.
        public let isInitiator: Bool
        /// What it goes over.
        public let transport: Transport
        /// How its address became known; `nil` when the peer came to us, or both to a relay.
        public var origin: PeerOrigin? { state.value.foundBy }
        /// The peer's address, for people.
        public let remote: String

        /// The peer's IP address, to count connections per host.
        let host: String
        /// The same with its port; `nil` where it is not known.
        let remoteEndpoint: Endpoint?
        /// Our own address at its beginning.
        let source: IPAddress?
        let carrier: Carrier
        private let loop: any EventLoop
        private let state: NIOLoopBoundBox<State>

        /// How a connection came about.
        enum Origin: Sendable {
            case dialed(Address)
            case accepted
            case relayed(isInitiator: Bool)
        }

        /// What the bytes go over.
        enum Carrier: Sendable {
            case tcp(any Channel)
            case utp(NIOLoopBound<UTPStream>)
        }

        private struct State {
            /// Bytes of this turn that have not been given to the channel.
            var gathered = ByteBuffer()
            var isFlushPlanned = false
            var foundBy: PeerOrigin?
            var isClosing = false
            var reason: (any Error)?
        }

        /// On the loop of `channel`.
        init(channel: any Channel, origin: Origin) {
            carrier = .tcp(channel)
            loop = channel.eventLoop
            switch origin {
            case .dialed(let address): (peer, isInitiator, transport) = (address, true, .tcp)
            case .accepted: (peer, isInitiator, transport) = (nil, false, .tcp)
            case .relayed(let isInitiator):
                (peer, self.isInitiator, transport) = (nil, isInitiator, .relay)
            }
            let address = Address(channel.remoteAddress)
            remote = address?.description ?? "unknown"
            host = address?.host ?? ""
            remoteEndpoint = Endpoint(channel.remoteAddress)
            source = Endpoint(channel.localAddress)?.ip
            state = NIOLoopBoundBox(State(), eventLoop: channel.eventLoop)
        }

        /// On the loop of the stream.
        init(stream: UTPStream, peer: Address?, loop: any EventLoop) {
            carrier = .utp(NIOLoopBound(stream, eventLoop: loop))
            self.loop = loop
            self.peer = peer
            isInitiator = peer != nil
            transport = .utp
            remote = stream.connection.remote.description
            host = stream.connection.remote.ip.description
            remoteEndpoint = stream.connection.remote
            source = NetworkPlace.source(to: stream.connection.remote)
            state = NIOLoopBoundBox(State(), eventLoop: loop)
        }

        /// Sends in order. Bytes of one turn of the loop leave in one system call.
        public func send(_ bytes: [UInt8]) {
            guard !state.value.isClosing, !bytes.isEmpty else { return }
            state.value.gathered.writeBytes(bytes)
            if state.value.gathered.readableBytes >= Limits.Own.gatherBytes {
                flush()
            } else if !state.value.isFlushPlanned {
                state.value.isFlushPlanned = true
                loop.execute {
                    self.state.value.isFlushPlanned = false
                    self.flush()
                }
            }
        }

        /// Closes for good; what was sent before still goes out as far as the socket takes it.
        /// `reason` nil means in good order; else it comes back in the handler's `closed`.
        public func close(reason: (any Error)?) {
            guard !state.value.isClosing else { return }
            flush()
            state.value.isClosing = true
            state.value.reason = reason
            switch carrier {
            case .tcp(let channel): channel.close(promise: nil)
            case .utp(let stream): stream.value.close()
            }
        }

        /// Whether more is taken from the socket. Over uTP it is, always: there the other end is
        /// bound by what we asked for.
        public func setReading(_ isOn: Bool) {
            channel?.setOption(.autoRead, value: isOn).whenComplete { _ in }
        }

        /// The swarm knows how it came to the address.
        func found(by origin: PeerOrigin?) { state.value.foundBy = origin }

        /// Makes sure that the other end is still there: if it is not, the connection fails soon
        /// instead of at the end of its session's patience. A uTP connection is left to that.
        func probe() {
            guard let channel else { return }
            let seconds = Int(Limits.Roaming.probeTime.nanoseconds / 1_000_000_000)
            let ofTCP: [(CInt, Int)] = [
                // For when nothing is under way, and for when something is.
                (TCP_KEEPIDLE, 1), (TCP_KEEPINTVL, 1), (TCP_KEEPCNT, seconds),
                (TCP_USER_TIMEOUT, 1000 * seconds),
            ]
            for (name, value) in ofTCP {
                let option = ChannelOptions.Types.SocketOption(
                    level: .tcp, name: NIOBSDSocket.Option(rawValue: name))
                channel.setOption(option, value: value).whenComplete { _ in }
            }
            channel.setOption(.socketOption(.so_keepalive), value: 1).whenComplete { _ in }
        }

        /// Of TCP.
        var channel: (any Channel)? {
            if case .tcp(let channel) = carrier { channel } else { nil }
        }

        /// Why the connection ended, once it has.
        var reason: (any Error)? { state.value.reason }

        /// Whether the two are the ends of one connection, and we talk to ourselves.
        func isTwin(of other: Connection) -> Bool {
            guard isInitiator != other.isInitiator else { return false }
            switch (carrier, other.carrier) {
            case (.tcp(let one), .tcp(let other)): return Self.areTwins(one, other)
            case (.utp(let one), .utp(let other)): return one.value.isTwin(of: other.value)
            default: return false
            }
        }

        private static func areTwins(_ one: any Channel, _ other: any Channel) -> Bool {
            guard let local = Address(one.localAddress) else { return false }
            guard let remote = Address(one.remoteAddress) else { return false }
            return Address(other.remoteAddress) == local && Address(other.localAddress) == remote
        }

        /// Remembers the first thing that went wrong on the socket.
        func failed(_ error: any Error) {
            if state.value.reason == nil, !state.value.isClosing { state.value.reason = error }
        }

        private func flush() {
            guard state.value.gathered.readableBytes > 0, !state.value.isClosing else { return }
            let bytes = state.value.gathered
            // A buffer of its own for each write: the channel keeps the old one until it is sent.
            state.value.gathered = ByteBuffer()
            switch carrier {
            case .tcp(let channel): channel.writeAndFlush(bytes, promise: nil)
            case .utp(let stream): stream.value.write(bytes)
            }
        }
    }
}
