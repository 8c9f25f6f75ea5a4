import Glibc

/// A page-aligned buffer of each thread that answers reads, made once: a local read is a look-up,
/// a `pread` and a `writev`.
enum ReadBuffer {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let result = pthread_key_create(&key) { free($0) }
        precondition(result == 0, "a process has room for one more thread-specific value")
        return key
    }()

    /// Runs `body` with the thread's buffer; with nil when there is no memory for it. The buffer
    /// must not be used beyond `body`, nor twice at a time.
    static func with<R>(_ count: Int, _ body: (UnsafeMutableRawBufferPointer?) -> R) -> R {
        guard count <= Limits.requestBytes else {
            let large = malloc(count)
            defer { free(large) }
            return body(large.map { UnsafeMutableRawBufferPointer(start: $0, count: count) })
        }
        if let buffer = pthread_getspecific(key) {
            return body(UnsafeMutableRawBufferPointer(start: buffer, count: count))
        }
        var buffer: UnsafeMutableRawPointer?
        guard posix_memalign(&buffer, 4096, Limits.requestBytes) == 0, let buffer else {
            return body(nil)
        }
        pthread_setspecific(key, buffer)
        return body(UnsafeMutableRawBufferPointer(start: buffer, count: count))
    }
}
