import HyperCrypto

/// Which feed has which number on either side (docs/spec/hypercore-protocol.md section 5).
///
/// Each side numbers the feeds it opens; the discovery key joins the two numbers. A remote's number
/// is bound to a channel of ours, or to a *stranger*: a feed that we have not opened.
struct ChannelTable {
    struct Channel {
        let id: Session.ChannelID
        let key: PublicKey
        let discoveryKey: DiscoveryKey
        /// The remote's number; `nil` until it has opened the feed too.
        var remote: UInt64?
        var extensions: ChannelExtensions
        /// Whether we want Data acknowledged.
        var ack: Bool
    }

    /// A feed that only the remote has opened.
    struct Stranger {
        let remote: UInt64
        let discoveryKey: DiscoveryKey
        /// What it claims as proof that it knows the key: checked when we open the feed.
        let capability: Bytes32?
    }

    private enum Binding {
        case channel(Session.ChannelID)
        case stranger(DiscoveryKey)
    }

    private var channels: [Session.ChannelID: Channel] = [:]
    private var ids: [DiscoveryKey: Session.ChannelID] = [:]
    private var strangers: [DiscoveryKey: Stranger] = [:]
    private var bindings: [UInt64: Binding] = [:]
    private var last: UInt64 = 0

    /// Our open channels, oldest first.
    var open: [Session.ChannelID] { channels.keys.sorted { $0.raw < $1.raw } }
    var count: Int { channels.count }
    var strangerCount: Int { strangers.count }
    /// Numbers of the remote that are in use.
    var bindingCount: Int { bindings.count }

    /// A number that was never used on this connection.
    mutating func freshID() -> Session.ChannelID {
        last += 1
        return Session.ChannelID(raw: last)
    }

    subscript(id: Session.ChannelID) -> Channel? {
        get { channels[id] }
        _modify { yield &channels[id] }
    }

    func id(of discoveryKey: DiscoveryKey) -> Session.ChannelID? { ids[discoveryKey] }
    func stranger(_ discoveryKey: DiscoveryKey) -> Stranger? { strangers[discoveryKey] }
    func isBound(_ remote: UInt64) -> Bool { bindings[remote] != nil }

    /// The channel that both sides have open under the remote's number.
    func channel(remote: UInt64) -> Session.ChannelID? {
        guard case .channel(let id)? = bindings[remote] else { return nil }
        return id
    }

    mutating func insert(_ channel: Channel) {
        channels[channel.id] = channel
        ids[channel.discoveryKey] = channel.id
    }

    mutating func insert(_ stranger: Stranger) {
        strangers[stranger.discoveryKey] = stranger
        bindings[stranger.remote] = .stranger(stranger.discoveryKey)
    }

    /// Joins the remote's number to a channel of ours.
    mutating func bind(_ remote: UInt64, to id: Session.ChannelID) {
        bindings[remote] = .channel(id)
        channels[id]?.remote = remote
    }

    /// Forgets a channel and both its numbers.
    mutating func remove(_ id: Session.ChannelID) {
        guard let channel = channels.removeValue(forKey: id) else { return }
        ids[channel.discoveryKey] = nil
        if let remote = channel.remote { bindings[remote] = nil }
    }

    mutating func removeStranger(_ discoveryKey: DiscoveryKey) {
        guard let stranger = strangers.removeValue(forKey: discoveryKey) else { return }
        bindings[stranger.remote] = nil
    }

    /// The remote gives up its number: the channel of ours that hung on it, or nothing.
    mutating func unbind(_ remote: UInt64) -> Session.ChannelID? {
        switch bindings.removeValue(forKey: remote) {
        case .channel(let id):
            channels[id]?.remote = nil
            return id
        case .stranger(let discoveryKey):
            strangers[discoveryKey] = nil
            return nil
        case nil: return nil
        }
    }
}
