import NIOCore
import NIOPosix

extension Swarm {
    /// Binds one address for TCP, and its number for UDP. The IPv6 wildcard takes the port that
    /// IPv4 got, where it is free: one number to tell others.
    func listen(on address: Address, _ bound: [Address]) async throws -> [Address] {
        // Any port means one that is free for both: some attempts find it.
        let attempts = address.port == 0 ? Limits.Own.portAttempts : 1
        var wanted = [Address](repeating: address, count: attempts)
        if address == Self.wildcard[1], let twin = bound.first(where: { $0.host == "0.0.0.0" }) {
            wanted.insert(Address(host: "::", port: twin.port), at: 0)
        }
        var failure: any Error = ChannelError.operationUnsupported
        for candidate in wanted {
            do {
                return try await listenOnBoth(candidate)
            } catch {
                failure = error
            }
        }
        // A machine without IPv6 is no reason to fail when nobody asked for IPv6.
        if address == Self.wildcard[1], !bound.isEmpty { return [] }
        throw SwarmError(listening: address, failure)
    }

    private func listenOnBoth(_ address: Address) async throws -> [Address] {
        let channel = try await bind(address).get()
        guard let bound = Address(channel.localAddress) else { return [] }
        do {
            if needsPort { try await bindPort(bound) }
        } catch {
            try? await channel.close()
            throw error
        }
        return [bound]
    }

    private func bind(_ address: Address) -> EventLoopFuture<any Channel> {
        var bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: Limits.Own.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { self.prepare($0) }
        bootstrap = Self.tune(bootstrap)
        if address.host.contains(":") {
            // Without this [::] takes IPv4 as well, and 0.0.0.0 cannot have the same port.
            let only = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
            bootstrap = bootstrap.serverChannelOption(only, value: 1)
        }
        return bootstrap.bind(host: address.host, port: address.port).hop(to: loop).map { channel in
            self.state.value.listeners.append(channel)
            return channel
        }
    }

    private static func tune(_ bootstrap: ServerBootstrap) -> ServerBootstrap {
        bootstrap
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: readAllocator)
            .childChannelOption(.maxMessagesPerRead, value: Limits.Own.readsPerTurn)
            .childChannelOption(.writeBufferWaterMark, value: writeMark)
    }

    static func tune(_ bootstrap: ClientBootstrap) -> ClientBootstrap {
        bootstrap
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: readAllocator)
            .channelOption(.maxMessagesPerRead, value: Limits.Own.readsPerTurn)
            .channelOption(.writeBufferWaterMark, value: writeMark)
    }

    private static var readAllocator: FixedSizeRecvByteBufferAllocator {
        FixedSizeRecvByteBufferAllocator(capacity: Limits.Own.readBytes)
    }

    private static var writeMark: ChannelOptions.Types.WriteBufferWaterMark {
        .init(low: Limits.Own.writeLowWater, high: Limits.Own.writeHighWater)
    }
}
