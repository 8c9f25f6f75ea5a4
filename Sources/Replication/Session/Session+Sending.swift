import HyperCrypto
import SwiftProtobuf

extension Session {
    /// What waits for the end of the handshake.
    enum Backlog {
        /// The proof in it needs the keys of the handshake.
        case open(ChannelID)
        /// Something on channel 0.
        case frame(MessageType, [UInt8])
    }

    /// Bytes for the wire since the last call, encrypted; empty = nothing.
    public mutating func takeOutput() -> [UInt8] { writer.take() }

    /// Bytes that wait for `takeOutput`.
    public var queuedBytes: Int {
        backlog.reduce(writer.count) {
            if case .frame(_, let body) = $1 { $0 + body.count } else { $0 + 64 }
        }
    }

    /// Bytes that `takeOutput` has ever returned.
    public var bytesSent: UInt64 { writer.total }

    /// Sends a message about a feed.
    ///
    /// - Returns: whether it was sent. Nothing may be sent before both sides have opened the
    ///   channel, and no block is larger than a frame (8 MiB).
    @discardableResult
    public mutating func send(_ message: Message, on channel: ChannelID) -> Bool {
        guard isOpen(channel) else { return false }
        switch message {
        case .data(let index, let value, let nodes, let signature):
            let size = DataBody.size(
                index: index, value: value, nodes: nodes, signature: signature)
            guard size <= SessionLimits.frameBody else { return false }
            timers.sent()
            writer.append(.data, channel: channel.raw, size: size) {
                DataBody.append(
                    index: index, value: value, nodes: nodes, signature: signature, to: &$0)
            }
            return true
        case .options(let names, let ack):
            table[channel]?.extensions.set(names)
            table[channel]?.ack = ack ?? false
            sendOptions(channel)
            return true
        default:
            return write(message.type, channel, message.wire)
        }
    }

    /// Sends an extension message on a feed's channel or on `.connection`.
    ///
    /// - Returns: whether it was sent: the name must be in our list for the channel, the channel
    ///   open on both sides, the payload not larger than a frame.
    @discardableResult
    public mutating func send(
        extension name: String, payload: [UInt8], on channel: ChannelID
    ) -> Bool {
        let lists = channel == .connection ? connectionExtensions : table[channel]?.extensions
        guard let number = lists?.own.number(of: name),
            channel == .connection || isOpen(channel),
            payload.count + Varint.size(number) <= SessionLimits.frameBody
        else { return false }
        // Channel 0 announces its list only when it is needed (section 5.3).
        if channel == .connection, !connectionExtensions.announced { sendConnectionOptions() }
        var body: [UInt8] = []
        body.reserveCapacity(payload.count + 4)
        Varint.append(number, to: &body)
        body.append(contentsOf: payload)
        write(.extension, channel, body)
        return true
    }

    /// Sets our extension names on a feed's channel or on `.connection`, at most 256 of at most 256
    /// bytes. The remote is told at once on an open feed channel, else when it must know.
    public mutating func setExtensions(_ names: [String], on channel: ChannelID) {
        guard channel != .connection else { return connectionExtensions.set(names) }
        table[channel]?.extensions.set(names)
        if isOpen(channel), table[channel]?.extensions.announced == false { sendOptions(channel) }
    }

    /// Tells our list on a feed's channel, with the wish for acknowledgements behind it.
    mutating func sendOptions(_ id: ChannelID) {
        guard let channel = table[id] else { return }
        let options = Message.options(extensions: channel.extensions.own.names, ack: channel.ack)
        write(.options, id, options.wire)
        table[id]?.extensions.announced = true
    }

    private mutating func sendConnectionOptions() {
        let options = Message.options(extensions: connectionExtensions.own.names, ack: nil)
        write(.options, .connection, options.wire)
        connectionExtensions.announced = true
    }

    mutating func sendBacklog() {
        var waiting: [Backlog] = []
        swap(&waiting, &backlog)
        for item in waiting {
            switch item {
            case .open(let id): sendOpen(id)
            case .frame(let type, let body): write(type, .connection, body)
            }
        }
    }

    @discardableResult
    mutating func write(
        _ type: MessageType, _ channel: ChannelID, _ message: any SwiftProtobuf.Message
    ) -> Bool {
        guard let body: [UInt8] = try? message.serializedBytes(),
            body.count <= SessionLimits.frameBody
        else { return false }
        write(type, channel, body)
        return true
    }

    mutating func write(_ type: MessageType, _ channel: ChannelID, _ body: [UInt8]) {
        guard isEstablished else { return backlog.append(.frame(type, body)) }
        timers.sent()
        writer.append(type, channel: channel.raw, size: body.count) {
            $0.append(contentsOf: body)
        }
    }
}
