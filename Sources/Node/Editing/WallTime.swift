import Glibc

/// The time that people share.
enum WallTime {
    /// Milliseconds since 1970, never 0: old readers take that for "now".
    static var milliseconds: UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return max(1, UInt64(clamping: now.tv_sec) * 1000 + UInt64(now.tv_nsec) / 1_000_000)
    }
}
