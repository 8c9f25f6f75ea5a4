import NIOCore

/// Another network, another address, a sleep: noticed and dealt with (docs/spec/nat.md 8, trap 5).
extension Swarm {
    /// On the loop, when everything is bound.
    func startWatching() {
        guard state.value.watch == nil else { return }
        let watch = NetworkWatch(loop: loop) { [unowned self] in noticed($0) }
        state.value.watch = watch
        watch.start()
    }

    private func noticed(_ news: [NetworkObserver.News]) {
        guard !state.value.isStopped else { return }
        for case .moved(let place) in news { closeStranded(place) }
        state.value.queue.networkChanged()
        state.value.mapper?.networkChanged()
        moveTables()
        for source in state.value.sources { source.networkChanged() }
        dialWaiting()
    }

    /// Ends connections whose local end is no more: nothing can come of them, and nobody would say
    /// so for a long time. What was slept through ends by the time-outs of its session.
    private func closeStranded(_ place: NetworkPlace) {
        for connection in state.value.connections.values {
            guard let source = connection.source, !source.isLoopback else { continue }
            // TCP keeps its address as long as we have it; UDP leaves from where the route says.
            let isStranded =
                connection.channel != nil
                ? !place.addresses.contains(source)
                : connection.remoteEndpoint.flatMap(NetworkPlace.source) != source
            if isStranded { connection.close(reason: SwarmError.moved(from: source)) }
        }
    }
}
