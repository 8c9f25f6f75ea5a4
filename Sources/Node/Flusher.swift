import Corestore
import Hypercore
import Logging
import Synchronization

/// Makes what was downloaded durable, now and then. Why it cannot is said once, and once that it
/// is over: a full disk stays full for hours.
final class Flusher: Sendable {
    private let store: Store
    private let logger: Logger
    /// The errno of the last time; nil = all was well.
    private let trouble = Mutex<Int32?>(nil)

    init(_ store: Store, _ logger: Logger) {
        self.store = store
        self.logger = logger
    }

    func flush() {
        do {
            try store.flush()
            guard isNews(nil) else { return }
            logger.notice("what is fetched is kept again")
        } catch {
            guard isNews((error as? FeedError)?.errno ?? -1) else { return }
            logger.error(
                "what was fetched is not kept: \(error); it can be read, and is fetched again")
        }
    }

    private func isNews(_ number: Int32?) -> Bool {
        trouble.withLock { trouble in
            defer { trouble = number }
            return trouble != number
        }
    }
}
