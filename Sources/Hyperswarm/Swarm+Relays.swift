import HyperCrypto
import NIOCore

/// Peers that are reached through a relay, on the loop.
extension Swarm {
    /// `nil` without relays.
    func makeRelays() -> RelaySource? {
        guard !configuration.relays.isEmpty else { return nil }
        let hasOthers =
            configuration.mdns || configuration.mainline
            || configuration.dht && !configuration.bootstrap.isEmpty
        return RelaySource(
            configuration.relays, loop: loop,
            headStart: hasOthers ? Limits.Relay.directTime : .zero,
            turned: { [unowned self] in tellSearching() },
            isServed: { [unowned self] in state.value.queue.isConnected(for: $0) },
            paired: { [unowned self] channel, isInitiator in
                let handler = ConnectionHandler(
                    swarm: self, origin: .relayed(isInitiator: isInitiator))
                try channel.pipeline.syncOperations.addHandler(handler)
            })
    }
}
