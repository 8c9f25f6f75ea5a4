import HyperCrypto

extension DHTNode {
    /// An answer of the first phase.
    func answered(_ query: Query, _ request: DHTRequest, _ message: DHTMessage) {
        // An answer with an error is a warning, but leaves no token (section 11, trap 8).
        let isUsable = message.error == nil && message.nodeID != nil
        let token = isUsable ? message.roundtripToken : nil
        query.answered(
            request.id, as: message.nodeID, at: request.address,
            token: token.flatMap { $0.count <= Limits.DHT.tokenBytes ? $0 : nil },
            nodes: message.nodes)
        if message.error == nil, let value = message.value {
            take(value, from: request.address, seenAs: message.to, for: query)
        }
        proceed(query)
    }

    private func take(
        _ value: [UInt8], from node: DHTAddress, seenAs own: DHTAddress?, for query: Query
    ) {
        switch query.operation {
        case .lookup(let input), .announce(let input):
            guard let output = try? DHTPeersOutput(decoding: value) else { return }
            let peers = output.peers.prefix(Limits.DHT.peersPerAnswer)
                .filter { $0.isCredible(toldBy: node) }
            let locals = localPeers(output, input)
            guard !peers.isEmpty || !locals.isEmpty else { return }
            query.hasFound = true
            emit(
                .peers(
                    query.ticket,
                    DHTPeersFound(
                        peers: peers.map(\.endpoint), localPeers: locals,
                        referrer: node.endpoint, ownAddress: own?.endpoint)))
        case .getImmutable:
            guard value.count <= Limits.DHT.valueBytes,
                DHTKey(Blake2b.hash32(value)) == query.target
            else { return }
            emit(.immutable(query.ticket, value: value))
            finish(query)
        case .getMutable(let salt, let minimum):
            guard let record = DHTMutable(decoding: value), record.seq >= minimum,
                query.best.map({ $0.seq < record.seq }) ?? true,
                isSigned(record, salt: salt, by: query.target)
            else { return }
            query.best = record
            query.hasFound = true
            emit(.mutable(query.ticket, record))
        case .bootstrap, .unannounce, .putImmutable, .putMutable: break
        }
    }

    /// Those in the network of the address that we gave.
    private func localPeers(_ output: DHTPeersOutput, _ input: DHTPeersInput) -> [Endpoint] {
        guard let own = input.localAddress else { return [] }
        return output.localPeers.prefix(Limits.DHT.localPeersPerAnswer).compactMap { peer in
            let full = DHTAddress(ip: own.ip & 0xffff_0000 | peer.ip & 0xffff, port: peer.port)
            return full.isCredible(toldBy: own) && full != own ? full.endpoint : nil
        }
    }

    /// With the salt we asked for: an answer need not repeat it.
    private func isSigned(_ record: DHTMutable, salt: [UInt8], by key: DHTKey) -> Bool {
        guard record.salt.isEmpty || record.salt == salt,
            let salted = DHTMutable(
                value: record.value, signature: record.signature, seq: record.seq, salt: salt)
        else { return false }
        return salted.isSigned(by: PublicKey(key.raw))
    }

    /// An answer of the second phase.
    func acknowledged(_ query: Query, _ request: DHTRequest, _ message: DHTMessage) {
        query.updating.remove(request.address)
        if message.error == nil {
            query.summary.acknowledged += 1
            if case .announce = query.operation, let id = request.id {
                keeps(DHTRoutingTable.Entry(id: id, address: request.address, heard: now))
            }
        } else if case .putMutable(let record) = query.operation, let value = message.value,
            let proof = DHTMutable(decoding: value), proof.seq >= record.seq,
            proof.value != record.value || proof.seq > record.seq,
            isSigned(proof, salt: record.salt, by: query.target)
        {
            query.summary.newer = proof
        }
        proceed(query)
    }
}
