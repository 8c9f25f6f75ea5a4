import NIOCore

// Packets out (docs/spec/utp.md 6).

extension UTPConnection {
    /// Everything that may leave now, and when to come back.
    func send(now: NIODeadline, to outbox: inout UTPOutbox) {
        switch phase {
        case .dialing: sendSyn(now: now, to: &outbox)
        case .open:
            sendLost(now: now, to: &outbox)
            sendNew(now: now, to: &outbox)
            sendEnd(now: now, to: &outbox)
            tellWritable()
        case .halfOpen, .lingering: break
        case .gone: return
        }
        sendAcknowledgment(now: now, to: &outbox)
        finishIfDone(now: now)
        setDeadline(now: now)
    }

    private func sendSyn(now: NIODeadline, to outbox: inout UTPOutbox) {
        for index in attempts.indices {
            let schedule = Limits.UTP.synSchedule
            while attempts[index].copies < schedule.count,
                now >= attempts[index].begin + schedule[attempts[index].copies]
            {
                attempts[index].copies += 1
                let header = UTPHeader(
                    kind: .syn, connectionID: attempts[index].receiveID,
                    timestamp: Self.clock(now), window: UInt32(arrivals.free),
                    sequence: attempts[index].sequence, acknowledged: SequenceNumber(0))
                outbox.append(to: remote, size: UTPHeader.size) { header.write(to: $0) }
                lastSent = now
            }
        }
    }

    private func sendLost(now: NIODeadline, to outbox: inout UTPOutbox) {
        while let sequence = packets.nextLost {
            guard mayLeave(Int(packets.packet(sequence).length), now) else { return }
            transmit(sequence, now: now, to: &outbox)
        }
    }

    private func sendNew(now: NIODeadline, to outbox: inout UTPOutbox) {
        let most =
            peerWindow > Limits.UTP.familyWindowMax
            ? Limits.UTP.reorderPackets - 1 : Limits.UTP.familyFlightPackets
        while queuedBytes > 0, packets.nextLost == nil, packets.count < most {
            let length = min(packetBytes, queuedBytes)
            guard packets.missingBytes + length <= peerWindow else {
                windowClosed(now: now)
                return
            }
            windowOpened(now: now)
            guard mayLeave(length, now) else { return }
            sendOne(length, now: now, to: &outbox)
        }
    }

    /// Cuts the next packet and sends it.
    func sendOne(_ length: Int, now: NIODeadline, to outbox: inout UTPOutbox) {
        let sequence = packets.cut(length, fill)
        var padded: Int?
        if length == packetBytes, roundTrip.smoothed != nil {
            padded = size.probe(with: sequence, now: now)
        }
        transmit(sequence, paddedTo: padded, now: now, to: &outbox)
    }

    private func sendEnd(now: NIODeadline, to outbox: inout UTPOutbox) {
        guard isFinishing, !isEndCut, queuedBytes == 0, packets.nextLost == nil,
            packets.count < Limits.UTP.familyFlightPackets
        else { return }
        isEndCut = true
        let sequence = packets.cut(0, isEnd: true) { _ in }
        transmit(sequence, now: now, to: &outbox)
    }

    /// Whether congestion and pace let a packet go.
    private func mayLeave(_ length: Int, _ now: NIODeadline) -> Bool {
        if packets.flightPackets == 0 { return true }
        guard packets.flightBytes + length <= congestion.window else {
            limitedAt = now
            return false
        }
        return release <= now + Limits.UTP.burstTime
    }

    private func fill(_ space: UnsafeMutableRawBufferPointer) {
        var offset = 0
        while offset < space.count, var buffer = queue.popFirst() {
            let count = min(buffer.readableBytes, space.count - offset)
            buffer.readWithUnsafeReadableBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: space[offset..<offset + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                return count
            }
            offset += count
            queuedBytes -= count
            if buffer.readableBytes > 0 { queue.prepend(buffer) }
        }
    }

    private func tellWritable() {
        guard !isWritable, queuedBytes <= Limits.Own.writeLowWater else { return }
        isWritable = true
        news.insert(.writable)
    }
}

// MARK: - Single packets

extension UTPConnection {
    func transmit(
        _ sequence: SequenceNumber, paddedTo padded: Int? = nil, now: NIODeadline,
        to outbox: inout UTPOutbox
    ) {
        let isEnd = packets.packet(sequence).isEnd
        let header = header(isEnd ? .end : .data, sequence, now: now)
        let payload = packets.payload(sequence)
        let padding = max(0, (padded ?? 0) - UTPHeader.size - payload.count)
        outbox.append(to: remote, size: UTPHeader.size + padding + payload.count) { space in
            if padding > 0 {
                header.write(to: space, firstExtension: UTPPacket.Extension.bits)
                Self.pad(space, padding)
            } else {
                header.write(to: space)
            }
            UnsafeMutableRawBufferPointer(rebasing: space[(UTPHeader.size + padding)...])
                .copyMemory(from: payload)
        }
        packets.sent(sequence, now: now)
        if lossDeadline == nil { lossDeadline = now + silence }
        pace(UTPHeader.size + payload.count, now: now)
        // The packet carries our acknowledgment, but not what came out of order.
        if arrivals.waitingCount == 0 { acknowledged() }
        lastSent = now
    }

    /// Extension blocks that mean nothing: eight idle bits, then one of the rest.
    private static func pad(_ space: UnsafeMutableRawBufferPointer, _ padding: Int) {
        let bits = 10
        precondition(padding >= bits + 2 && padding - bits - 2 <= 255)
        let start = UTPHeader.size
        UnsafeMutableRawBufferPointer(rebasing: space[start..<start + padding])
            .initializeMemory(as: UInt8.self, repeating: 0)
        space[start] = UTPPacket.Extension.padding
        space[start + 1] = UInt8(bits - 2)
        space[start + bits] = UTPPacket.Extension.none
        space[start + bits + 1] = UInt8(padding - bits - 2)
    }

    private func pace(_ bytes: Int, now: NIODeadline) {
        guard let smoothed = roundTrip.smoothed, smoothed > Limits.UTP.pacingRoundTrip else {
            release = now
            return
        }
        // A little faster than the window per round trip, so that pace is never the bound.
        let speed = congestion.window * (congestion.isStarting ? 8 : 5) / 4
        let step = smoothed.nanoseconds * Int64(bytes) / Int64(max(1, speed))
        release = max(release, now) + .nanoseconds(step)
    }

    private func header(
        _ kind: UTPHeader.Kind, _ sequence: SequenceNumber, now: NIODeadline
    ) -> UTPHeader {
        advertised = arrivals.free
        return UTPHeader(
            kind: kind, connectionID: sendID, timestamp: Self.clock(now), delay: peerDelay,
            window: UInt32(advertised), sequence: sequence, acknowledged: arrivals.acknowledged)
    }

    private func sendAcknowledgment(now: NIODeadline, to outbox: inout UTPOutbox) {
        let isDue =
            mustAcknowledge || unacknowledged >= Limits.UTP.acknowledgmentPackets
            || acknowledgeAt.map { $0 <= now } ?? false
        guard isDue, phase != .dialing else { return }
        let header = header(.state, packets.next, now: now)
        let bits = arrivals.selectiveAckBytes
        outbox.append(to: remote, size: UTPHeader.size + (bits > 0 ? 2 + bits : 0)) { space in
            guard bits > 0 else { return header.write(to: space) }
            header.write(to: space, firstExtension: UTPPacket.Extension.selectiveAck)
            space[UTPHeader.size] = UTPPacket.Extension.none
            space[UTPHeader.size + 1] = UInt8(bits)
            arrivals.writeSelectiveAck(
                to: UnsafeMutableRawBufferPointer(rebasing: space[(UTPHeader.size + 2)...]))
        }
        acknowledged()
        lastSent = now
    }

    private func acknowledged() {
        unacknowledged = 0
        mustAcknowledge = false
        acknowledgeAt = nil
    }

    /// An old number that the peer must acknowledge again: keeps NATs awake, and shows whether
    /// the peer still lives (10).
    func sendKeepAlive(now: NIODeadline, to outbox: inout UTPOutbox) {
        let header = header(.data, packets.first - 1, now: now)
        outbox.append(to: remote, size: UTPHeader.size) { header.write(to: $0) }
        lastSent = now
    }

    /// Tells the peer that nothing is left of the connection.
    func sendReset(now: NIODeadline, to outbox: inout UTPOutbox) {
        let header = UTPHeader(
            kind: .reset, connectionID: sendID, sequence: packets.next,
            acknowledged: arrivals.acknowledged)
        outbox.append(to: remote, size: UTPHeader.size) { header.write(to: $0) }
    }
}
