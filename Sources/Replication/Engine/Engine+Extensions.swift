import Hypercore

extension Engine {
    /// Sends an extension message to one peer, or to all that have the extension. It is lost on
    /// peers that do not read: extensions only speed things up.
    func send(_ payload: [UInt8], extension name: String, of feed: Feed, to id: PeerID?) {
        guard let replication = feeds[feed.discoveryKey] else { return }
        for channel in replication.channels where id == nil || channel.peer.id == id {
            let peer = channel.peer
            guard peer.takesOutput else { continue }
            if !peer.session.send(extension: name, payload: payload, on: channel.id) {
                // The name may be newer than the channel.
                peer.session.setExtensions(names(of: feed), on: channel.id)
                peer.session.send(extension: name, payload: payload, on: channel.id)
            }
            markDirty(peer)
        }
    }

    /// The end of everything.
    func close() {
        isClosed = true
        let error = FeedError(.closed, "the network was closed")
        for demand in demands.all.sorted(by: { $0.id.raw < $1.id.raw }) {
            finish(demand, .failure(error))
        }
        for peer in peersInOrder { drop(peer, nil) }
        for replication in feeds.values {
            replication.isJoined = false
            replication.isFollowed = false
            dispose(replication)
        }
    }
}
