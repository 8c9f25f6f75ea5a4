import Logging

/// What can be changed while a node runs. Where it listens and whom it asks is settled at its
/// start: peers know it by that.
public struct RunningSettings: Sendable, Equatable {
    /// Bytes per second over all connections; nil: no limit.
    public var limitUp: UInt64?
    /// The same for what comes in.
    public var limitDown: UInt64?
    /// Bytes kept of other people's files; nil: as was said before.
    public var cacheBytes: UInt64?
    /// What is written into the log.
    public var logLevel: Logger.Level

    /// All of it.
    public init(
        limitUp: UInt64?, limitDown: UInt64?, cacheBytes: UInt64?, logLevel: Logger.Level
    ) {
        self.limitUp = limitUp
        self.limitDown = limitDown
        self.cacheBytes = cacheBytes
        self.logLevel = logLevel
    }
}

extension StoreNode {
    /// Makes true what is set otherwise now than it was the last time, and writes down what that
    /// was. What was not set anywhere, then or now, stays as it is: somebody may have typed it.
    public func change(
        from old: RunningSettings, to new: RunningSettings, log: LogLevel
    ) {
        let logger = configuration.engine.logger
        var changes: [String] = []
        if old.limitUp != new.limitUp || old.limitDown != new.limitDown {
            engine.limit(
                up: old.limitUp == new.limitUp ? engine.limits.up : new.limitUp,
                down: old.limitDown == new.limitDown ? engine.limits.down : new.limitDown)
            let (up, down) = engine.limits
            changes.append("limit-up \(text(up)), limit-down \(text(down))")
        }
        if let bytes = new.cacheBytes, bytes != old.cacheBytes {
            engine.cache.limit(to: bytes)
            changes.append("cache-size \(bytes)")
        }
        if new.logLevel != old.logLevel {
            log.level = new.logLevel
            changes.append("log \(new.logLevel)")
        }
        let what = changes.isEmpty ? "nothing has changed" : changes.joined(separator: ", ")
        logger.notice("configuration read again: \(what)")
    }

    /// Caps what is kept of other people's files.
    public func limitCache(to bytes: UInt64) { engine.cache.limit(to: bytes) }

    private func text(_ limit: UInt64?) -> String { limit.map { "\($0)" } ?? "none" }

    /// What the configuration says now cannot be used: said, and nothing is changed.
    public func refuseChange(_ error: NodeError) {
        configuration.engine.logger.error(
            "configuration not used: \(error.message); \(error.hint)")
    }
}
