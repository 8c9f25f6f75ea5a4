import Foundation
import HyperCrypto
import WireMessages

extension Session {
    /// Opens our side of a feed and proves that we know its key.
    ///
    /// - Parameters:
    ///   - key: the feed's.
    ///   - extensions: our names for its channel.
    ///   - ack: whether we want each Data acknowledged by a Have.
    /// - Returns: the channel. Until `opened` comes, nothing can be sent on it.
    /// - Throws: `SessionError` when the feed is open already, when there are too many, or when the
    ///   remote opened it before without proving that it knows the key. (It is refused then; the
    ///   connection may live on.)
    @discardableResult
    public mutating func open(
        _ key: PublicKey, extensions: [String], ack: Bool = false
    ) throws -> ChannelID {
        let discoveryKey = key.discoveryKey
        guard table.id(of: discoveryKey) == nil else {
            throw SessionError.misuse("the feed is open on this connection")
        }
        guard table.count < SessionLimits.channels else {
            throw SessionError.misuse("no more than \(SessionLimits.channels) feeds at a time")
        }
        let stranger = table.stranger(discoveryKey)
        if let stranger, !isProof(stranger.capability, for: key) {
            refuse(discoveryKey)
            throw SessionError.capability("the peer did not prove that it knows the feed's key")
        }
        let id = table.freshID()
        table.removeStranger(discoveryKey)
        table.insert(
            ChannelTable.Channel(
                id: id, key: key, discoveryKey: discoveryKey, remote: nil,
                extensions: ChannelExtensions(own: extensions), ack: ack))
        if isEstablished { sendOpen(id) } else { backlog.append(.open(id)) }
        if let stranger { join(stranger.remote, id) }
        return id
    }

    /// Closes our side and forgets both. No event follows.
    public mutating func close(_ channel: ChannelID) {
        guard table[channel] != nil else { return }
        table.remove(channel)
        // Before the handshake the Open has not been sent, and never will be.
        if isEstablished { write(.close, channel, Wire_Close()) }
    }

    /// Refuses a feed that the remote has opened and we have not.
    public mutating func refuse(_ discoveryKey: DiscoveryKey) {
        guard table.stranger(discoveryKey) != nil else { return }
        table.removeStranger(discoveryKey)
        var close = Wire_Close()
        close.discoveryKey = Data(discoveryKey.raw.bytes)
        write(.close, table.freshID(), close)
    }

    /// Whether a capability shows that the remote knows the feed's key. Without handshake nothing
    /// can be shown, and nothing is asked for.
    func isProof(_ capability: Bytes32?, for key: PublicKey) -> Bool {
        guard let keys else { return true }
        guard let capability else { return false }
        return Capability.isValid(capability, for: key, keys: keys)
    }

    mutating func sendOpen(_ id: ChannelID) {
        guard let channel = table[id] else { return }
        var open = Wire_Open()
        open.discoveryKey = Data(channel.discoveryKey.raw.bytes)
        if let keys { open.capability = Data(Capability.sent(for: channel.key, keys: keys).bytes) }
        write(.open, id, open)
    }

    /// Both sides have opened the feed: Options first, if there is anything in them
    /// (docs/spec/hypercore.md section 11.1).
    mutating func join(_ remote: UInt64, _ id: ChannelID) {
        table.bind(remote, to: id)
        if let channel = table[id], channel.ack || !channel.extensions.own.isEmpty {
            sendOptions(id)
        }
        events.append(.opened(id))
    }
}
