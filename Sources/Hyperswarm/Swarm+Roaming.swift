import NIOCore

/// Another network, another address, a sleep: noticed and dealt with (docs/spec/nat.md 8, trap 5).
extension Swarm {
    /// On the loop, when everything is bound.
    func startWatching() {
        guard state.value.watch == nil else { return }
        let watch = NetworkWatch(loop: loop) { [unowned self] in noticed($0) }
        state.value.watch = watch
        watch.start()
        let pause = Limits.Roaming.lonelyScan
        state.value.lonelyScan = loop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
            self.lookIfLonely()
        }
    }

    /// Returns when nothing of it is left.
    func stopWatching() -> EventLoopFuture<Void> {
        state.value.lonelyScan?.cancel()
        state.value.lonelyScan = nil
        defer { state.value.watch = nil }
        return state.value.watch?.stop() ?? loop.makeSucceededVoidFuture()
    }

    private func lookIfLonely() {
        let isLooking = state.value.topics.values.contains(where: \.lookup)
        let isLonely = isLooking && state.value.connections.isEmpty
        guard state.value.lonely.isDue(isLonely: isLonely, now: .now()) else { return }
        for source in state.value.sources { source.lookAgain() }
    }

    private func noticed(_ news: [NetworkObserver.News]) {
        guard !state.value.isStopped else { return }
        for case .moved(let place) in news { closeStranded(place) }
        state.value.connections.values.forEach { $0.probe() }
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
