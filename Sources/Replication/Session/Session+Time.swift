extension Session {
    /// Sends a keep-alive when one is due. To be called at `nextDeadline`, or any time.
    ///
    /// - Throws: `SessionError` when the remote has been silent for too long: the connection must
    ///   be dropped.
    public mutating func tick(now: ContinuousClock.Instant) throws {
        if let failure { throw failure }
        timers.advance(to: now)
        do {
            try timers.check(established: isEstablished)
        } catch {
            failure = error
            throw error
        }
        guard isEstablished, timers.isKeepAliveDue else { return }
        // What is queued will do.
        if writer.count == 0 { writer.appendKeepAlive() }
        timers.sent()
        reader.trim()
    }

    /// When to call `tick` next; `nil` = never. Changes with every call of anything else.
    public var nextDeadline: ContinuousClock.Instant? {
        failure == nil ? timers.nextDeadline(established: isEstablished) : nil
    }
}
