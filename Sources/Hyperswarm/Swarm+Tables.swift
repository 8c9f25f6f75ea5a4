import HyperCrypto
import NIOCore

/// The distributed hash tables as sources of peers, and the holes they help to punch, on the loop.
extension Swarm {
    /// Under this topic nodes of our DHT announce themselves in Mainline, so that others find a way
    /// in when nobody has named one.
    static let entryTopic = Blake2b.hash32(Array("hyperfs dht entry point 1".utf8))

    /// What the tables are to one swarm.
    struct Tables {
        var dht: DHTSource<DHTNode>?
        var mainline: DHTSource<MainlineNode>?
        /// Dials that wait for a hole.
        var punches: [DHTTicket: Dial] = [:]
    }

    /// Both speak IPv4 only, through the port that uTP uses. Returns those that are on.
    func makeTables() -> [any PeerSource] {
        let hosts = state.value.bound.compactMap { IPAddress($0.host) }.filter { !$0.isVersion6 }
        guard let port, !hosts.isEmpty || state.value.bound.isEmpty else { return [] }
        var made: [any PeerSource] = []
        if configuration.dht {
            let dht = makeDHT(on: port)
            state.value.tables.dht = dht
            made.append(dht)
        }
        // From the loopback there is no way into the world.
        let isConfined = !hosts.isEmpty && hosts.allSatisfy(\.isLoopback)
        let ways = configuration.mainlineBootstrap
        if configuration.mainline,
            !isConfined || ways.contains(where: { Endpoint($0)?.ip.isLoopback == true })
        {
            let mainline = makeMainline(on: port)
            state.value.tables.mainline = mainline
            made.append(mainline)
        }
        return made
    }

    /// Everything has started: how they serve each other.
    func connectTables() {
        moveTables()
        guard state.value.tables.dht != nil, configuration.bootstrap.isEmpty else { return }
        state.value.tables.mainline?.join(Self.entryTopic, announce: false, lookup: true)
    }

    /// What is announced tells where we are reached now.
    func moveTables() {
        state.value.tables.dht?.move(to: place)
        state.value.tables.mainline?.move(to: place)
    }

    private func makeDHT(on port: DatagramPort) -> DHTSource<DHTNode> {
        let node = DHTNode(
            .init(saved: configuration.memory.dhtNodes), random: SystemRandomNumberGenerator(),
            now: .now())
        let source = DHTSource(
            node, on: port, entryPoints: configuration.bootstrap,
            found: { [unowned self] in found($0, $1, origin: .dht) },
            noticed: { [unowned self] in noticed($0) })
        source.onTurn = { [unowned self] in tellSearching() }
        port.onDHT = { [weak source] in source?.received($0, from: $1) }
        return source
    }

    private func makeMainline(on port: DatagramPort) -> DHTSource<MainlineNode> {
        let node = MainlineNode(
            .init(saved: configuration.memory.mainlineNodes),
            random: SystemRandomNumberGenerator(), now: .now())
        let source = DHTSource(
            node, on: port, entryPoints: configuration.mainlineBootstrap,
            found: { [unowned self] topic, peers in
                if topic == Self.entryTopic {
                    state.value.tables.dht?.meet(peers.peers)
                } else {
                    found(topic, peers, origin: .mainline)
                }
            }, noticed: { _ in })
        source.onTurn = { [unowned self] in tellSearching() }
        port.onKRPC = { [weak source] in source?.received($0, from: $1) }
        return source
    }

    /// Where we are reached.
    private var place: TopicPlace {
        let bound = state.value.bound.first { IPAddress($0.host)?.isVersion6 == false }
        guard let bound, let port = UInt16(exactly: bound.port) else { return TopicPlace(port: 0) }
        let listening = [IPAddress(bound.host)].compactMap { $0 }
        let local = LANInterface.current(listening: listening).lazy
            .filter { !$0.isLoopback }.flatMap(\.subnets).map(\.address)
            .first { !$0.isVersion6 && $0.isLocal && !$0.isLinkLocal }
        return TopicPlace(
            port: port, mappedPort: state.value.mappedPort,
            localAddress: local.map { Endpoint(ip: $0, port: port) })
    }

    private func found(_ topic: Bytes32, _ peers: DHTPeersFound, origin: PeerOrigin) {
        for peer in peers.peers where peer != peers.ownAddress {
            // Lower ones belong to services; who announces them wants us to knock there.
            if origin == .mainline, peer.port < Limits.Mainline.peerPortMin { continue }
            found(
                Candidate(
                    address: Address(host: peer.ip.description, port: Int(peer.port)),
                    origin: origin, topic: topic,
                    isBehindOurAddress: peer.ip == peers.ownAddress?.ip,
                    // Nobody in Mainline can open a NAT for us.
                    referrer: origin == .dht ? peers.referrer : nil))
        }
        guard !peers.localPeers.isEmpty else { return }
        let interfaces = LANInterface.current(
            listening: state.value.bound.compactMap { IPAddress($0.host) })
        for peer in peers.localPeers
        where interfaces.contains(where: { !$0.isLoopback && $0.isDirect(peer.ip) }) {
            found(
                Candidate(
                    address: Address(host: peer.ip.description, port: Int(peer.port)),
                    origin: .dht, topic: topic))
        }
    }

    private func noticed(_ event: DHTEvent) {
        switch event {
        case .punched(let ticket, _, let source):
            state.value.tables.punches.removeValue(forKey: ticket)?.punched(source)
        case .unanswered(let ticket): state.value.tables.punches[ticket] = nil
        case .becamePersistent:
            // Others may come in through us.
            let isLooking = configuration.bootstrap.isEmpty
            state.value.tables.mainline?.join(
                Self.entryTopic, announce: true, lookup: isLooking)
        default: break
        }
    }

    /// Makes a peer open its NAT to us, with the help of the node that told us of it.
    func punch(_ peer: Endpoint, through helper: Endpoint, for dial: Dial) {
        guard let dht = state.value.tables.dht,
            let ticket = dht.ask({ $0.holepunch(peer, through: helper) })
        else { return }
        state.value.tables.punches[ticket] = dial
    }

    /// Tells the owner when a search begins or has come to an end.
    func tellSearching() {
        let isSearching = state.value.sources.contains(where: \.isSearching)
        guard isSearching != state.value.isSearching else { return }
        state.value.isSearching = isSearching
        handler.searching(isSearching)
    }
}
