import NIOCore

extension DHTNode {
    /// Looks for our own id, and so for our neighbors (section 8).
    func bootstrap() {
        guard bootstrapping == nil else { return }
        lastBootstrap = now
        lastTicket += 1
        let ticket = DHTTicket(raw: lastTicket)
        bootstrapping = ticket
        let known = table.closest(to: id, count: Limits.DHT.bucketSize)
        let query = Query(
            .bootstrap, ticket: ticket, target: id, own: id, known: known + remembered,
            seeds: known.count + remembered.count < max(1, entryPoints.count) || !isReady
                ? entryPoints : [], now: now)
        remembered = []
        queries[ticket] = query
        proceed(query)
    }

    func bootstrapped() {
        bootstrapping = nil
        guard !isReady else { return }
        isReady = true
        emit(.ready)
        if configuration.mode == .adaptive { schedulePromotion() }
    }

    /// The network is another one now: after sleep, or when an interface has changed.
    public func networkChanged(now: NIODeadline) {
        advance(to: now)
        votes.reset()
        if ownAddress != .unknown {
            ownAddress = .unknown
            emit(.address(.unknown))
        }
        bootstrap()
        settle()
    }

    /// What idle nodes do: see to it that their table is true.
    func upkeep() {
        upkeepAt = now + Limits.DHT.upkeepPeriod
        tokens.rotate(random: &random, now: now)
        peers.rotate(now: now)
        proven.rotate(now: now)
        answerLimiter.forget(now: now)
        relayLimiter.forget(now: now)
        punchLimiter.forget(now: now)
        let isBusy = queries.count > 2
        let pings = isBusy ? Limits.DHT.upkeepPingsBusy : Limits.DHT.upkeepPings
        for entry in table.stalest(pings, before: now - Limits.DHT.recently)
        where !requests.contains(entry.address) {
            ping(entry, purpose: .check(newcomer: nil))
        }
        guard isReady else { return }
        let isPoor =
            table.count < Limits.DHT.bucketSize
            && now - lastBootstrap >= Limits.DHT.rebootstrapPeriod
        if table.count == 0 || isPoor { bootstrap() }
    }

    // -- from ephemeral to persistent (section 8)

    private func schedulePromotion() {
        let extra = jitter(upTo: Limits.DHT.persistentJitter.nanoseconds)
        promotionAt = now + Limits.DHT.persistentDelay + .nanoseconds(extra)
    }

    func considerPromotion() {
        guard let due = promotionAt else { return }
        let hasSlept = now - due > Limits.DHT.sleepSlack
        guard !hasSlept, ownAddress.isHolepunchable else { return schedulePromotion() }
        promotionAt = nil
        isPersistent = true
        emit(.becamePersistent)
        bootstrap()
    }
}
