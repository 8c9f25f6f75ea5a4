import Hypercore
import Hyperswarm
import NIOCore
import Replication

/// `--limit-up` and `--limit-down`: bytes per second of all connections together. On the loop.
extension PeerTable {
    /// Who may send, while a limit holds.
    struct SendingLimit {
        var throttle: Throttle
        /// Nobody is served until the debt is paid.
        var isHeld = false
        /// Whose sockets are full, limit or not.
        private var full: Set<PeerID> = []

        init(_ throttle: Throttle) { self.throttle = throttle }

        mutating func note(_ peer: PeerID, _ isWritable: Bool) {
            if isWritable { full.remove(peer) } else { full.insert(peer) }
        }

        func isFull(_ peer: PeerID) -> Bool { full.contains(peer) }
    }

    /// What has come, and waits for its turn.
    struct ReceivingLimit {
        var throttle: Throttle
        var held: [(connection: Swarm.Connection, bytes: [UInt8])] = []
        var heldBytes = 0
        var isPlanned = false

        init(_ throttle: Throttle) { self.throttle = throttle }
    }

    /// Sets both limits, in bytes per second; `nil`: none. At any time: who was held back under
    /// the old limit goes on under the new one.
    func limit(up: UInt64?, down: UInt64?) {
        loop.execute {
            let now = ContinuousClock.now
            self.limitSending(up.map { Throttle(bytesPerSecond: $0, now: now) })
            self.limitReceiving(down.map { Throttle(bytesPerSecond: $0, now: now) })
        }
    }

    private func limitSending(_ throttle: Throttle?) {
        if let throttle {
            guard state.value.sending != nil else {
                state.value.sending = SendingLimit(throttle)
                return
            }
            state.value.sending?.throttle = throttle
        } else if let old = state.value.sending {
            state.value.sending = nil
            guard old.isHeld else { return }
            for peer in state.value.connections.keys where !old.isFull(peer) {
                state.value.replicator?.writable(peer, true)
            }
        }
    }

    private func limitReceiving(_ throttle: Throttle?) {
        if let throttle {
            guard state.value.receiving != nil else {
                state.value.receiving = ReceivingLimit(throttle)
                return
            }
            state.value.receiving?.throttle = throttle
        } else if let old = state.value.receiving {
            // Delivered in their order, before anything that comes later.
            state.value.receiving = nil
            for (connection, bytes) in old.held {
                bytes.withUnsafeBytes { deliver($0, of: connection) }
            }
            for connection in state.value.connections.values { connection.setReading(true) }
        }
    }

    /// What was sent counts; once too much was, blocks are served no more for a while. What keeps a
    /// connection alive still goes.
    func charge(_ count: Int) {
        guard state.value.sending != nil else { return }
        let now = ContinuousClock.now
        state.value.sending?.throttle.take(count, now: now)
        guard state.value.sending?.isHeld == false,
            state.value.sending?.throttle.pause(now: now) != nil
        else { return }
        state.value.sending?.isHeld = true
        // Not now: the replicator is in the middle of its turn.
        loop.execute {
            for peer in self.state.value.connections.keys {
                self.state.value.replicator?.writable(peer, false)
            }
            self.serveLater()
        }
    }

    private func serveLater() {
        // The limit was taken away meanwhile.
        guard state.value.sending?.isHeld == true else { return }
        guard let pause = state.value.sending?.throttle.pause(now: .now) else {
            state.value.sending?.isHeld = false
            for peer in state.value.connections.keys
            where state.value.sending?.isFull(peer) == false {
                // The first ones may use up what there is.
                if state.value.sending?.isHeld == true { return }
                state.value.replicator?.writable(peer, true)
            }
            return
        }
        loop.scheduleTask(in: TimeAmount(pause)) { self.serveLater() }
    }

    /// Takes what has come, at once or in its turn.
    func hold(_ bytes: UnsafeRawBufferPointer, of connection: Swarm.Connection) {
        guard var limit = state.value.receiving else { return }
        let now = ContinuousClock.now
        if limit.held.isEmpty, limit.throttle.pause(now: now) == nil {
            limit.throttle.take(bytes.count, now: now)
            state.value.receiving = limit
            return deliver(bytes, of: connection)
        }
        guard limit.heldBytes + bytes.count <= Limits.heldBytesMax else {
            return connection.close(
                reason: NodeError(
                    .network, "a peer sends more than --limit-down lets through",
                    hint: "raise --limit-down"))
        }
        connection.setReading(false)
        // Out of its place, the list is changed and not copied.
        state.value.receiving = nil
        limit.held.append((connection, Array(bytes)))
        limit.heldBytes += bytes.count
        let isPlanned = limit.isPlanned
        limit.isPlanned = true
        state.value.receiving = limit
        if !isPlanned { deliverHeld() }
    }

    private func deliverHeld() {
        var passed = 0
        while var limit = state.value.receiving, passed < limit.held.count {
            let now = ContinuousClock.now
            if let pause = limit.throttle.pause(now: now) {
                drop(passed)
                loop.scheduleTask(in: TimeAmount(pause)) { self.deliverHeld() }
                return
            }
            let (connection, bytes) = limit.held[passed]
            limit.throttle.take(bytes.count, now: now)
            limit.heldBytes -= bytes.count
            state.value.receiving = limit
            passed += 1
            bytes.withUnsafeBytes { deliver($0, of: connection) }
        }
        drop(passed)
        state.value.receiving?.isPlanned = false
        for connection in state.value.connections.values { connection.setReading(true) }
    }

    private func drop(_ count: Int) { state.value.receiving?.held.removeFirst(count) }
}
