import NIOCore

// Packets in (docs/spec/utp.md 5).

extension UTPConnection {
    /// A packet for this connection. SYN and RESET come by `repeated` and `wasReset`.
    func receive(_ packet: UTPPacket, now: NIODeadline) {
        switch phase {
        case .dialing: receiveAnswer(packet.header, now: now)
        case .halfOpen, .open: receiveInside(packet, now: now)
        case .lingering: if packet.header.kind != .state { mustAcknowledge = true }
        case .gone: break
        }
    }

    /// The SYN that began this connection came again: our answer was lost.
    func repeated() {
        if phase == .halfOpen { mustAcknowledge = true }
    }

    /// Whether a SYN for our id is that of a peer that has begun anew: it insists, and nothing of
    /// the old connection came meanwhile.
    func isReplaced(by syn: UTPHeader, now: NIODeadline) -> Bool {
        guard let restart, restart.sequence == syn.sequence, restart.at > lastReceived else {
            restart = (syn.sequence, now)
            return false
        }
        return now - restart.at >= Limits.UTP.restartSilence
    }

    /// A RESET is believed when it names a packet that we may have sent.
    func wasReset(_ header: UTPHeader) {
        if phase == .dialing {
            guard let index = attempts.firstIndex(where: { $0.sequence == header.acknowledged })
            else { return }
            attempts.remove(at: index)
            if attempts.isEmpty { end(.refused, linger: nil) }
            return
        }
        let age = packets.next - header.acknowledged
        guard age >= 0, age <= packets.count + Limits.UTP.acknowledgmentSlack + 1 else { return }
        end(.reset, linger: nil)
    }

    /// Only a STATE that acknowledges a SYN of ours connects.
    private func receiveAnswer(_ header: UTPHeader, now: NIODeadline) {
        guard header.kind == .state,
            let attempt = attempts.first(where: {
                $0.receiveID == header.connectionID && $0.sequence == header.acknowledged
            })
        else { return }
        if attempt.copies == 1 { roundTrip.add(now - lastSent, now: now) }
        receiveID = attempt.receiveID
        sendID = attempt.receiveID &+ 1
        packets = SendWindow(first: attempt.sequence + 1)
        arrivals = ReceiveWindow(acknowledged: header.sequence - 1)
        open()
        notePeer(header, now: now)
    }

    private func open() {
        phase = .open
        phaseEnd = nil
        wasOpened = true
        news.insert(.opened)
    }

    private func receiveInside(_ packet: UTPPacket, now: NIODeadline) {
        let header = packet.header
        let age = packets.next - 1 - header.acknowledged
        guard age >= 0, age <= packets.count + Limits.UTP.acknowledgmentSlack else { return }
        let distance = header.sequence - arrivals.acknowledged - 1
        guard abs(distance) <= Limits.UTP.reorderPackets else { return }
        notePeer(header, now: now)
        receiveAcknowledgment(packet, now: now)
        if header.kind != .state { receiveData(packet, now: now) }
    }

    /// The peer's clock and window.
    func notePeer(_ header: UTPHeader, now: NIODeadline) {
        lastReceived = now
        if header.timestamp != 0 {
            // 0 would mean "not measured".
            peerDelay = max(1, Self.clock(now) &- header.timestamp)
        }
        if header.delay != 0, phase != .dialing { delays.add(header.delay, now: now) }
        peerWindow = min(Int(header.window), Limits.UTP.windowMax)
        if peerWindow >= packetBytes {
            windowOpened(now: now)
        } else if windowClosedAt == nil, queuedBytes > 0 || !packets.isEmpty {
            windowClosedAt = now
        }
    }

    private func receiveData(_ packet: UTPPacket, now: NIODeadline) {
        if phase == .halfOpen { open() }
        let before = arrivals.waitingBytes
        let hadGap = arrivals.waitingCount > 0
        let outcome = arrivals.accept(
            packet.header.sequence, isEnd: packet.header.kind == .end, packet.payload,
            room: memory.reorderRoom)
        memory.reorderBytes += arrivals.waitingBytes - before
        switch outcome {
        case .delivered:
            unacknowledged += 1
            if hadGap || arrivals.isEnded { mustAcknowledge = true }
            if acknowledgeAt == nil { acknowledgeAt = now + Limits.UTP.acknowledgmentDelay }
        case .outOfOrder, .repeated, .dropped: mustAcknowledge = true
        }
        if isDiscarding { arrivals.discard() }
        if !arrivals.ready.isEmpty { news.insert(.received) }
        if arrivals.isEnded, !isEndTold {
            isEndTold = true
            news.insert(.ended)
            if answersEnd { isFinishing = true }
        }
    }

    private func receiveAcknowledgment(_ packet: UTPPacket, now: NIODeadline) {
        let told = packets.acknowledge(
            through: packet.header.acknowledged, bits: packet.selectiveAck,
            leastRoundTrip: roundTrip.least, now: now)
        guard told.packets > 0 else { return }
        silences = 0
        if let sample = told.roundTrip { roundTrip.add(sample, now: now) }
        noteSize(now: now)
        congestion.acknowledged(
            bytes: told.bytes, packets: told.packets, delay: queueDelay,
            roundTrip: roundTrip.least, isFull: isLimited(now: now), now: now)
        let losses = packets.findLosses()
        if losses.packets > 0 { noteLosses(losses, now: now) }
        lossDeadline = packets.isEmpty ? nil : now + silence
        if packets.isEmpty, queuedBytes == 0 { windowOpened(now: now) }
    }

    private func noteLosses(_ losses: SendWindow.Losses, now: NIODeadline) {
        var count = losses.packets
        if let probe = size.probing, isLost(probe) {
            // The padding was too much, not the traffic.
            count -= 1
            size.lost(probe, now: now)
        }
        guard count > 0 else { return }
        congestion.lost(packets: count, sentAt: losses.sentAt, delay: queueDelay, now: now)
    }

    func isLost(_ sequence: SequenceNumber) -> Bool {
        packets.isOutstanding(sequence) && packets.packet(sequence).condition == .lost
    }

    private func noteSize(now: NIODeadline) {
        guard let probe = size.probing else { return }
        let isHere =
            !packets.isOutstanding(probe) || packets.packet(probe).condition == .acknowledged
        guard isHere else { return }
        size.arrived(probe)
        congestion.resize(packetBytes: packetBytes)
    }

    /// How long our packets stand in queues, in microseconds. A clock that drifts, or lies, cannot
    /// show a queue that the round trip does not.
    var queueDelay: Int? {
        guard let way = delays.excess else { return roundTrip.excess }
        guard let around = roundTrip.excess else { return way }
        return min(way, around)
    }

    /// Whether the window was the bound within the last round trip.
    private func isLimited(now: NIODeadline) -> Bool {
        guard let limitedAt else { return false }
        return now - limitedAt <= (roundTrip.smoothed ?? .seconds(1)) * 2
    }

    /// Everything was said on both sides, or on ours if we no longer listen.
    func finishIfDone(now: NIODeadline) {
        guard phase == .open, isEndCut, packets.isEmpty else { return }
        guard arrivals.isEnded || isDiscarding else { return }
        end(nil, linger: now + Limits.UTP.lingerTime)
    }

    /// The clock of the header.
    static func clock(_ now: NIODeadline) -> UInt32 {
        max(1, UInt32(truncatingIfNeeded: now.uptimeNanoseconds / 1000))
    }
}
