import Glibc

/// Lets answers out while a version is current, and changes the version while no answer is on its
/// way.
///
/// Without it an answer from the old version could reach the kernel after the invalidation that
/// was meant for it, and be believed for an hour. Readers must not read again inside: a waiting
/// writer would stop the inner one.
///
/// `@unchecked Sendable`: the pointer never changes, and what it points to is a lock.
final class Gate: @unchecked Sendable {
    // A lock is an address: it lives outside of Swift's movable memory, for as long as the gate.
    private let lock: UnsafeMutablePointer<pthread_rwlock_t>

    init() {
        lock = .allocate(capacity: 1)
        var attributes = pthread_rwlockattr_t()
        pthread_rwlockattr_init(&attributes)
        // A busy mount must not keep a new version out for ever.
        pthread_rwlockattr_setkind_np(
            &attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
        pthread_rwlock_init(lock, &attributes)
        pthread_rwlockattr_destroy(&attributes)
    }

    deinit {
        pthread_rwlock_destroy(lock)
        lock.deallocate()
    }

    func reading<T>(_ body: () throws -> T) rethrows -> T {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        return try body()
    }

    func passing<T>(changing isChanging: Bool, _ body: () throws -> T) rethrows -> T {
        isChanging ? try changing(body) : try reading(body)
    }

    func changing<T>(_ body: () throws -> T) rethrows -> T {
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        return try body()
    }
}
