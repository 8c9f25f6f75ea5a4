import HyperCrypto
import NIOCore

/// Topics: what peers are looked for, and where (docs/spec/swarm.md 4.1).
extension Swarm {
    /// How a source of peers is doing, for people.
    public struct SourceState: Sendable, CustomStringConvertible {
        /// Such as "LAN: no answer yet".
        public let description: String
    }

    /// Looks for peers of a topic, announces that we are one, or both; until `leave`. Again
    /// replaces what was. Any thread, also before `start`.
    public func join(_ topic: Bytes32, announce: Bool = false, lookup: Bool = true) {
        loop.execute {
            guard !self.state.value.isStopped else { return }
            let interest = Interest(announce: announce, lookup: lookup)
            self.state.value.topics[topic] = interest
            if lookup {
                self.state.value.queue.join(topic)
            } else {
                self.state.value.queue.leave(topic)
            }
            if self.state.value.isStarted { self.tellSources(topic, interest) }
        }
    }

    /// No longer. Connections stay. Any thread.
    public func leave(_ topic: Bytes32) {
        loop.execute {
            guard self.state.value.topics.removeValue(forKey: topic) != nil else { return }
            self.state.value.queue.leave(topic)
            for source in self.state.value.sources { source.leave(topic) }
        }
    }

    /// How finding peers goes, source by source; empty when none is on, or nothing is looked for.
    public func sourceStates() async -> [SourceState] {
        let states = loop.submit {
            self.state.value.sources.map { SourceState(description: $0.state) }
        }
        return (try? await states.get()) ?? []
    }

    /// Everything is bound: topics that were joined before are looked for now.
    func began(on bound: [Address]) {
        guard !state.value.isStopped else { return }
        state.value.bound = bound
        state.value.isStarted = true
        startWatching()
        for (topic, interest) in state.value.topics { tellSources(topic, interest) }
    }

    private func tellSources(_ topic: Bytes32, _ interest: Interest) {
        // Made when there is something to look for: a swarm without topics sends nothing.
        if state.value.sources.isEmpty { startSources() }
        if interest.announce { startMapping() }
        if interest.lookup { recall(topic) }
        for source in state.value.sources {
            source.join(topic, announce: interest.announce, lookup: interest.lookup)
        }
        tellSearching()
    }

    private func startSources() {
        let bound = state.value.bound
        let port = bound.first.flatMap { UInt16(exactly: $0.port) }
        if configuration.mdns {
            // One port is told to all: an address with another one stays untold.
            let dialable = bound.filter { $0.port == bound.first?.port }
            let asked = bound.isEmpty ? Self.wildcard : dialable
            let swarm = self
            state.value.sources.append(
                LANPort(loop: loop, listening: asked.compactMap { IPAddress($0.host) }) {
                    address, sighting in
                    swarm.found(
                        Candidate(
                            address: address, origin: .lan, topic: sighting.topic,
                            marker: sighting.marker))
                })
        }
        state.value.sources += makeTables()
        if let relays = makeRelays() { state.value.sources.append(relays) }
        for source in state.value.sources { source.start(port: port) }
        connectTables()
    }

    /// A source tells of somebody. On the loop.
    func found(_ candidate: Candidate) {
        guard !state.value.isStopped else { return }
        if state.value.queue.add(candidate, now: .now()) {
            handler.discovered(candidate.address, by: candidate.origin)
        }
        dialWaiting()
    }
}
