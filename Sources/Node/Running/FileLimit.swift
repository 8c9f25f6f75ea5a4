import Glibc

/// How many files this process may have open.
enum FileLimit {
    /// As many as the system lets us: each mount, feed and connection takes some, and what shells
    /// begin with, 1024, is the limit of an old system call that nobody here uses.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else {
            return
        }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    }
}
