import NIOCore

// Deadlines (docs/spec/utp.md 7, 9 and 10).

extension UTPConnection {
    /// What is due by now; `send` must follow.
    func tick(now: NIODeadline, to outbox: inout UTPOutbox) {
        switch phase {
        case .gone: return
        case .dialing, .halfOpen, .lingering:
            guard let phaseEnd, now >= phaseEnd else { return }
            if phase != .lingering { end(.timedOut, linger: nil) }
            phase = .gone
        case .open:
            let isHopeless =
                now >= lastReceived + Limits.UTP.silenceMax
                || windowClosedAt.map { now >= $0 + Limits.UTP.closedWindowTime } ?? false
            if isHopeless { return end(.timedOut, linger: nil) }
            if let lossDeadline, now >= lossDeadline { silent(now: now, to: &outbox) }
            if phase == .open, let windowProbeAt, now >= windowProbeAt {
                probeWindow(now: now, to: &outbox)
            }
            if phase == .open, now >= lastSent + Limits.UTP.keepAlive {
                sendKeepAlive(now: now, to: &outbox)
            }
        }
    }

    /// How long nothing may be acknowledged: first the peer is asked by the oldest packet, then
    /// all that is under way counts as lost, later and later.
    var silence: TimeAmount {
        let probes = Limits.UTP.probesMax
        if silences < probes { return roundTrip.probeTimeout * (1 << silences) }
        let doublings = min(silences - probes, Limits.UTP.timeoutsMax)
        return min(roundTrip.timeout * (1 << doublings), Limits.UTP.timeoutMax)
    }

    private func silent(now: NIODeadline, to outbox: inout UTPOutbox) {
        silences += 1
        lossDeadline = nil
        guard !packets.isEmpty else { return }
        if silences <= Limits.UTP.probesMax {
            if size.probing == packets.first { size.lost(packets.first, now: now) }
            transmit(packets.first, now: now, to: &outbox)
            return
        }
        let timeouts = silences - Limits.UTP.probesMax
        guard timeouts < Limits.UTP.timeoutsMax || windowClosedAt != nil else {
            return end(.timedOut, linger: nil)
        }
        let flight = packets.flightBytes
        packets.loseAll()
        if let probe = size.probing { size.lost(probe, now: now) }
        congestion.timedOut(flight: flight, now: now)
        if timeouts > 1 {
            size.timedOut(now: now)
            congestion.resize(packetBytes: packetBytes)
        }
        lossDeadline = now + silence
    }

    /// Data waits, and the peer takes none.
    func windowClosed(now: NIODeadline) {
        if windowClosedAt == nil { windowClosedAt = now }
        guard packets.isEmpty, windowProbeAt == nil else { return }
        let wait = Limits.UTP.windowProbeMin * (1 << min(windowProbes, 4))
        windowProbeAt = now + min(wait, Limits.UTP.windowProbeMax)
    }

    func windowOpened(now: NIODeadline) {
        guard windowClosedAt != nil else { return }
        // What was sent meanwhile was dropped: no need to wait until that shows.
        if !packets.isEmpty, silences > 0 {
            silences = 0
            lossDeadline = now
        }
        windowClosedAt = nil
        windowProbeAt = nil
        windowProbes = 0
    }

    private func probeWindow(now: NIODeadline, to outbox: inout UTPOutbox) {
        windowProbeAt = nil
        windowProbes += 1
        if queuedBytes > 0, packets.isEmpty {
            sendOne(min(packetBytes, queuedBytes), now: now, to: &outbox)
        }
    }

    func setDeadline(now: NIODeadline) {
        var next: NIODeadline?
        func sooner(_ time: NIODeadline?) {
            if let time { next = min(time, next ?? time) }
        }
        switch phase {
        case .dialing:
            for attempt in attempts {
                guard attempt.copies < Limits.UTP.synSchedule.count else { continue }
                sooner(attempt.begin + Limits.UTP.synSchedule[attempt.copies])
            }
            if attempts.count == 1 { sooner(attempts[0].begin + Limits.UTP.secondAttempt) }
            sooner(phaseEnd)
        case .halfOpen, .lingering: sooner(phaseEnd)
        case .open:
            sooner(acknowledgeAt)
            sooner(lossDeadline)
            sooner(windowProbeAt)
            sooner(lastSent + Limits.UTP.keepAlive)
            sooner(lastReceived + Limits.UTP.silenceMax)
            if release > now + Limits.UTP.burstTime, queuedBytes > 0 || packets.nextLost != nil {
                // Half of the burst's time later half a burst may go at once.
                sooner(release - .nanoseconds(Limits.UTP.burstTime.nanoseconds / 2))
            }
        case .gone: break
        }
        deadline = next
    }
}
