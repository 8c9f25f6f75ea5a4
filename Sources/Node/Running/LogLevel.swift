import Logging
import Synchronization

/// How much a node writes into its log: one value for all copies of its logger, so that it can be
/// changed while it runs.
public final class LogLevel: Sendable {
    private let value: Mutex<Logger.Level>

    /// From now on.
    public init(_ level: Logger.Level) { value = Mutex(level) }

    /// The least severe that is written.
    public var level: Logger.Level {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
