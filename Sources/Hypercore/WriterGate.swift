import Glibc

/// Lets one writer in at a time. Unlike a mutex it may be left on another thread than the one that
/// entered, which a batch needs.
///
/// `@unchecked Sendable`: the flag is only touched under the mutex.
final class WriterGate: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let freed: UnsafeMutablePointer<pthread_cond_t>
    private var isTaken = false

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        freed = .allocate(capacity: 1)
        freed.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(freed, nil)
    }

    deinit {
        pthread_cond_destroy(freed)
        pthread_mutex_destroy(mutex)
        freed.deallocate()
        mutex.deallocate()
    }

    func enter() {
        pthread_mutex_lock(mutex)
        while isTaken { pthread_cond_wait(freed, mutex) }
        isTaken = true
        pthread_mutex_unlock(mutex)
    }

    func leave() {
        pthread_mutex_lock(mutex)
        isTaken = false
        pthread_cond_signal(freed)
        pthread_mutex_unlock(mutex)
    }
}
