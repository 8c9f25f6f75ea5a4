import NIOCore

/// Who announced itself for which topic (docs/spec/dht.md section 10.1). A record lives for one to
/// two generations of eight minutes after its last announce.
struct DHTPeerStore {
    /// LAN records are shown only to those who come from the same public host and name the same
    /// network: of no use to others, and a way to plant addresses on them.
    fileprivate struct LocalTopic: Hashable {
        let topic: DHTKey
        let network: UInt16
        let host: UInt32
    }

    fileprivate struct Generation {
        var remote: [DHTKey: [DHTAddress]] = [:]
        var local: [LocalTopic: [DHTAddress]] = [:]
        var perHost: [UInt32: Int] = [:]
        var count = 0
    }

    private var young = Generation()
    private var old = Generation()
    private var rotated: NIODeadline

    private let generation: TimeAmount

    init(now: NIODeadline, generation: TimeAmount = Limits.DHT.peerGeneration) {
        rotated = now
        self.generation = generation
    }

    var count: Int { young.count + old.count }

    /// - Returns: whether there was room: neither host nor topic may take too much.
    mutating func add(_ peer: DHTAddress, local: DHTAddress?, to topic: DHTKey) -> Bool {
        let isStored = young.add(peer, to: topic)
        if isStored, let local {
            let key = LocalTopic(topic: topic, network: UInt16(local.network16), host: peer.ip)
            young.addLocal(local, to: key)
        }
        return isStored
    }

    mutating func remove(_ peer: DHTAddress, local: DHTAddress?, from topic: DHTKey) {
        young.remove(peer, from: topic)
        old.remove(peer, from: topic)
        guard let local else { return }
        let key = LocalTopic(topic: topic, network: UInt16(local.network16), host: peer.ip)
        young.removeLocal(local, from: key)
        old.removeLocal(local, from: key)
    }

    /// Some of the peers of a topic, without the one who asks.
    func peers(
        of topic: DHTKey, for asker: DHTAddress, local: DHTAddress?, limit: Int,
        random: inout some RandomNumberGenerator
    ) -> DHTPeersOutput {
        var output = DHTPeersOutput()
        if let local {
            let key = LocalTopic(topic: topic, network: UInt16(local.network16), host: asker.ip)
            output.localPeers = Self.some(
                young.local[key], old.local[key], but: local,
                limit: min(limit, Limits.DHT.localPeersPerAnswer), random: &random)
        }
        output.peers = Self.some(
            young.remote[topic], old.remote[topic], but: asker,
            limit: limit - output.localPeers.count, random: &random)
        return output
    }

    /// Ages the records; called before anything else.
    mutating func rotate(now: NIODeadline) {
        let age = now - rotated
        guard age >= generation else { return }
        old = age >= generation * 2 ? Generation() : young
        young = Generation()
        rotated = now
    }

    private static func some(
        _ young: [DHTAddress]?, _ old: [DHTAddress]?, but asker: DHTAddress, limit: Int,
        random: inout some RandomNumberGenerator
    ) -> [DHTAddress] {
        guard young != nil || old != nil else { return [] }
        let fresh = Set(young ?? [])
        var all = (young ?? []) + (old ?? []).filter { !fresh.contains($0) }
        all.removeAll { $0 == asker }
        guard all.count > limit else { return all }
        // The first places of a shuffle, drawn one by one.
        for index in 0..<limit {
            all.swapAt(index, Int.random(in: index..<all.count, using: &random))
        }
        return Array(all.prefix(limit))
    }
}

extension DHTPeerStore.Generation {
    fileprivate mutating func add(_ peer: DHTAddress, to topic: DHTKey) -> Bool {
        var peers = remote[topic] ?? []
        if peers.contains(peer) { return true }
        let fromHost = perHost[peer.ip] ?? 0
        let isWelcome =
            count < Limits.DHT.peerRecords && peers.count < Limits.DHT.peersPerTopic
            && (peer.isLocal || fromHost < Limits.DHT.peersPerHost)
        guard isWelcome else { return false }
        if !peer.isLocal {
            let same = peers.reduce(0) { $0 + ($1.ip == peer.ip ? 1 : 0) }
            guard same < Limits.DHT.peersPerTopicAndHost else { return false }
        }
        peers.append(peer)
        remote[topic] = peers
        perHost[peer.ip] = fromHost + 1
        count += 1
        return true
    }

    fileprivate mutating func addLocal(
        _ peer: DHTAddress, to key: DHTPeerStore.LocalTopic
    ) {
        guard count < Limits.DHT.peerRecords else { return }
        var peers = local[key] ?? []
        guard !peers.contains(peer), peers.count < Limits.DHT.localPeersPerAnswer else { return }
        peers.append(peer)
        local[key] = peers
        count += 1
    }

    fileprivate mutating func remove(_ peer: DHTAddress, from topic: DHTKey) {
        guard var peers = remote[topic], let index = peers.firstIndex(of: peer) else { return }
        peers.remove(at: index)
        remote[topic] = peers.isEmpty ? nil : peers
        perHost[peer.ip, default: 1] -= 1
        if perHost[peer.ip] == 0 { perHost[peer.ip] = nil }
        count -= 1
    }

    fileprivate mutating func removeLocal(
        _ peer: DHTAddress, from key: DHTPeerStore.LocalTopic
    ) {
        guard var peers = local[key], let index = peers.firstIndex(of: peer) else { return }
        peers.remove(at: index)
        local[key] = peers.isEmpty ? nil : peers
        count -= 1
    }
}
