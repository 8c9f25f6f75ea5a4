import NIOCore

/// Dialing, on the loop. Whom and when is decided by the queue.
extension Swarm {
    /// Dials as many as there is place for, and sets the alarm for the next.
    func dialWaiting() {
        guard !state.value.isStopped else { return }
        let now = NIODeadline.now()
        state.value.queue.advance(to: now)
        while let peer = state.value.queue.next(now: now) {
            let helper = state.value.queue.entries[peer]?.referrer
            Dial(peer, by: self, through: helper).start().whenComplete { result in
                if case .failure(let error) = result {
                    self.missed(peer, SwarmError(dialing: peer, error))
                }
                self.dialWaiting()
            }
        }
        setAlarm()
    }

    private func setAlarm() {
        let alarm = state.value.alarm ?? Alarm(loop: loop) { [weak self] in self?.dialWaiting() }
        state.value.alarm = alarm
        alarm.set(state.value.queue.nextDeadline)
    }

    private func missed(_ peer: Address, _ error: SwarmError) {
        guard !state.value.isStopped else { return }
        state.value.queue.failed(peer, now: .now())
        missedKnown(peer)
        handler.unreachable(peer, error: error)
    }
}
