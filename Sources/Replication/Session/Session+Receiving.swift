import HyperCrypto

extension Session {
    /// Takes bytes from the connection.
    ///
    /// - Parameters:
    ///   - bytes: what arrived, cut anywhere. They are copied, and decrypted in the copy.
    ///   - now: when they arrived.
    ///   - handle: gets the events in order, each before the next message is read. It may use the
    ///     session it is given in any way but `receive`. What it throws ends the session.
    /// - Throws: a `SessionError`, or what `handle` threw. The connection must be dropped; every
    ///   later call throws the same.
    public mutating func receive(
        _ bytes: UnsafeRawBufferPointer, now: ContinuousClock.Instant,
        handle: (inout Session, Event) throws -> Void
    ) throws {
        if let failure { throw failure }
        guard !isReceiving else {
            throw SessionError.misuse("a session cannot receive while it handles an event")
        }
        isReceiving = true
        defer { isReceiving = false }
        do {
            timers.advance(to: now)
            if !bytes.isEmpty { timers.received() }
            bytesReceived += UInt64(bytes.count)
            try process(bytes, handle)
        } catch {
            failure = error
            throw error
        }
    }

    /// Hands out the events that came about outside of `receive`: `opened`, after an `open` that
    /// found the remote waiting.
    public mutating func deliver(
        handle: (inout Session, Event) throws -> Void
    ) throws {
        if let failure { throw failure }
        while !events.isEmpty {
            let event = events.removeFirst()
            // The owner may have closed the channel by now.
            if case .opened(let id) = event, !isOpen(id) { continue }
            try handle(&self, event)
        }
    }

    private mutating func process(
        _ bytes: UnsafeRawBufferPointer, _ handle: (inout Session, Event) throws -> Void
    ) throws {
        var used = 0
        if handshake != nil {
            used = try shakeHands(bytes, handle)
            guard handshake == nil else { return }
        }
        try deliver(handle: handle)
        let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
        if decryption == nil {
            reader.append(rest)
        } else {
            reader.append(rest) { decryption?.xor($0, into: $1) }
        }
        // Out of self, so that the owner may use the session while a body is being looked at.
        var reader = FrameReader()
        swap(&reader, &self.reader)
        defer { swap(&reader, &self.reader) }
        while let frame = try reader.next() {
            try reader.withBody(of: frame) { try dispatch(frame, $0, handle) }
        }
        guard queuedBytes <= SessionLimits.queuedBytes else {
            throw SessionError.flood("the peer makes us answer and does not read")
        }
    }

    private mutating func emit(
        _ event: Event, _ handle: (inout Session, Event) throws -> Void
    ) throws {
        try handle(&self, event)
        try deliver(handle: handle)
    }

    /// Feeds the handshake; returns how many bytes it took.
    private mutating func shakeHands(
        _ bytes: UnsafeRawBufferPointer, _ handle: (inout Session, Event) throws -> Void
    ) throws -> Int {
        guard let (used, outcome) = try handshake?.receive(bytes, &writer) else { return 0 }
        timers.sent()
        guard let outcome else { return used }
        handshake = nil
        keys = outcome.keys
        remoteKey = outcome.remoteKey
        handshakeHash = outcome.hash
        if configuration.encrypted {
            decryption = XSalsa20Stream(key: outcome.keys.rx, nonce: outcome.remoteNonce)
            writer.encrypt(with: XSalsa20Stream(key: outcome.keys.tx, nonce: outcome.nonce))
        }
        sendBacklog()
        try emit(
            .established(remoteKey: outcome.remoteKey, handshakeHash: outcome.hash), handle)
        return used
    }

    private mutating func dispatch(
        _ frame: FrameReader.Frame, _ body: UnsafeRawBufferPointer,
        _ handle: (inout Session, Event) throws -> Void
    ) throws {
        guard let type = MessageType(rawValue: frame.type) else { return }
        switch type {
        case .open: return try receiveOpen(frame.channel, body, handle)
        case .close: return try receiveClose(frame.channel, body, handle)
        default: break
        }
        guard let channel = channel(of: frame, type) else { return try drop() }
        switch type {
        case .extension:
            return try receiveExtension(channel, body, handle)
        case .options:
            try receiveOptions(channel, body, handle)
        default:
            try emit(.message(channel, try Message.decode(type, body)), handle)
        }
        dropped = max(0, dropped - 1)
    }

    /// Where a message belongs; `nil` when that channel is not open here.
    private func channel(of frame: FrameReader.Frame, _ type: MessageType) -> ChannelID? {
        guard frame.channel == 0 else { return table.channel(remote: frame.channel) }
        return type == .options || type == .extension ? .connection : nil
    }

    /// Counts what is thrown away: a few are normal after a close, a stream of them is not.
    private mutating func drop() throws(SessionError) {
        dropped += 1
        guard dropped <= SessionLimits.dropped else {
            throw .flood("the peer keeps sending on channels that are not open")
        }
    }

    private mutating func receiveOptions(
        _ channel: ChannelID, _ body: UnsafeRawBufferPointer,
        _ handle: (inout Session, Event) throws -> Void
    ) throws {
        let message = try Message.decode(.options, body)
        guard case .options(let names, _) = message else { return }
        let list = try ExtensionList(remote: names)
        if channel == .connection {
            connectionExtensions.remote = list
        } else {
            table[channel]?.extensions.remote = list
        }
        try emit(.extensions(channel, names), handle)
        // The owner may have closed the channel.
        if channel == .connection || isOpen(channel) {
            try emit(.message(channel, message), handle)
        }
    }

    private mutating func receiveExtension(
        _ channel: ChannelID, _ body: UnsafeRawBufferPointer,
        _ handle: (inout Session, Event) throws -> Void
    ) throws {
        guard case .value(let number, let size) = Varint.read(body, at: 0, end: body.count) else {
            throw SessionError.message("an extension message has no number")
        }
        let lists = channel == .connection ? connectionExtensions : table[channel]?.extensions
        guard let name = lists?.remote.name(number) else { return try drop() }
        let payload = [UInt8](UnsafeRawBufferPointer(rebasing: body[size...]))
        dropped = max(0, dropped - 1)
        try emit(.extension(channel, name: name, payload: payload), handle)
    }

    private mutating func receiveOpen(
        _ remote: UInt64, _ body: UnsafeRawBufferPointer,
        _ handle: (inout Session, Event) throws -> Void
    ) throws {
        let open = try OpenBody.decode(body)
        guard remote > 0, !table.isBound(remote), table.stranger(open.discoveryKey) == nil else {
            throw SessionError.channel("the peer opens channel \(remote) or its feed twice")
        }
        guard table.bindingCount < SessionLimits.channels else {
            throw SessionError.flood("the peer has too many channels open")
        }
        guard let id = table.id(of: open.discoveryKey) else {
            let stranger = ChannelTable.Stranger(
                remote: remote, discoveryKey: open.discoveryKey, capability: open.capability)
            return try meet(stranger, handle)
        }
        guard let channel = table[id], channel.remote == nil else {
            throw SessionError.channel("the peer opens a feed twice")
        }
        guard isProof(open.capability, for: channel.key) else {
            throw SessionError.capability("the peer did not prove that it knows the feed's key")
        }
        join(remote, id)
        try deliver(handle: handle)
    }

    private mutating func meet(
        _ stranger: ChannelTable.Stranger, _ handle: (inout Session, Event) throws -> Void
    ) throws {
        table.insert(stranger)
        try emit(.unknownDiscoveryKey(stranger.discoveryKey), handle)
        if table.strangerCount > SessionLimits.strangers { refuse(stranger.discoveryKey) }
    }

    private mutating func receiveClose(
        _ remote: UInt64, _ body: UnsafeRawBufferPointer,
        _ handle: (inout Session, Event) throws -> Void
    ) throws {
        let discoveryKey = try CloseBody.decode(body)
        if table.isBound(remote) {
            guard let id = table.unbind(remote) else { return }
            return try remoteClosed(id, handle)
        }
        // Our own Close crossed with the remote's, or a refusal.
        guard let discoveryKey else { return try drop() }
        if let id = table.id(of: discoveryKey) {
            try remoteClosed(id, handle)
        } else {
            table.removeStranger(discoveryKey)
        }
    }

    private mutating func remoteClosed(
        _ id: ChannelID, _ handle: (inout Session, Event) throws -> Void
    ) throws {
        close(id)
        try emit(.closed(id), handle)
    }
}
