import HyperCrypto
import Synchronization

/// Keys, from any thread.
final class KeySet: Sendable {
    private let keys = Mutex<Set<PublicKey>>([])

    /// Whether it was not there.
    func insert(_ key: PublicKey) -> Bool { keys.withLock { $0.insert(key).inserted } }
}
