import CoreMetrics
import Glibc
import Synchronization

/// What mounts count of their requests, for whoever has given swift-metrics a place to put it;
/// else it costs next to nothing.
enum OperationMetrics {
    /// Of one kind of request.
    private struct Meters: Sendable {
        let seconds: Timer
        let successes: Counter

        init(_ operation: Operation) {
            seconds = Timer(
                label: "hyperfs_fuse_operation_seconds", dimensions: [("op", operation.name)])
            successes = OperationMetrics.counter(operation, errno: "0")
        }
    }

    /// What a request ended in.
    private struct Failure: Hashable {
        let operation: Operation
        let number: Int32
    }

    private static let meters = Operation.allCases.map { Meters($0) }
    private static let failures = Mutex<[Failure: Counter]>([:])

    /// Reads that found everything here.
    static let hits = Counter(label: "hyperfs_cache_hits_total")
    /// Reads that had to wait for blocks.
    static let misses = Counter(label: "hyperfs_cache_misses_total")
    /// How long those waited.
    static let waits = Timer(label: "hyperfs_read_wait_seconds")

    /// Nanoseconds of a clock that only goes forward.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// A request was answered; `number`: with which errno, 0 = with what it asked for.
    static func note(_ operation: Operation, _ number: Int32, since began: UInt64) {
        let meters = meters[operation.rawValue]
        meters.seconds.recordNanoseconds(Int64(clamping: now &- began))
        if number == 0 { return meters.successes.increment() }
        // The errnos of an operation are few.
        let failed = failures.withLock { failures in
            let failure = Failure(operation: operation, number: number)
            if let known = failures[failure] { return known }
            let made = counter(operation, errno: names[number] ?? "\(number)")
            failures[failure] = made
            return made
        }
        failed.increment()
    }

    private static func counter(_ operation: Operation, errno: String) -> Counter {
        Counter(
            label: "hyperfs_fuse_operations_total",
            dimensions: [("op", operation.name), ("errno", errno)])
    }

    /// Those that a mount gives.
    private static let names: [Int32: String] = [
        EPERM: "EPERM", ENOENT: "ENOENT", EINTR: "EINTR", EIO: "EIO", EBADF: "EBADF",
        ENOMEM: "ENOMEM", EACCES: "EACCES", EEXIST: "EEXIST", EXDEV: "EXDEV",
        ENOTDIR: "ENOTDIR", EISDIR: "EISDIR", EINVAL: "EINVAL", EFBIG: "EFBIG",
        ENOSPC: "ENOSPC", EROFS: "EROFS", ERANGE: "ERANGE", ENAMETOOLONG: "ENAMETOOLONG",
        ENOSYS: "ENOSYS", ENOTEMPTY: "ENOTEMPTY", ELOOP: "ELOOP", ENODATA: "ENODATA",
        ENXIO: "ENXIO", EILSEQ: "EILSEQ", EOPNOTSUPP: "EOPNOTSUPP", ESTALE: "ESTALE",
        ETIMEDOUT: "ETIMEDOUT",
    ]
}
