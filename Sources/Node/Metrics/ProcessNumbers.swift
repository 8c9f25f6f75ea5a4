import Foundation

/// What this process uses of the machine.
struct ProcessNumbers: Sendable {
    /// Bytes in memory.
    let residentBytes: UInt64
    /// Descriptors that are open.
    let openFiles: UInt64
    /// Seconds on a processor, in all.
    let processorSeconds: Double

    /// As the kernel tells it now; 0 for what it does not tell.
    static func now() -> ProcessNumbers {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let times = [usage.ru_utime, usage.ru_stime]
        return ProcessNumbers(
            residentBytes: residentBytes, openFiles: openFiles,
            processorSeconds: times.reduce(0) {
                $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1_000_000
            })
    }

    private static var residentBytes: UInt64 {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let words = text.split(separator: " ")
        guard words.count > 1, let pages = UInt64(words[1]) else { return 0 }
        return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static var openFiles: UInt64 {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count: UInt64 = 0
        while readdir(folder) != nil { count += 1 }
        // ".", "..", and the folder itself.
        return count > 3 ? count - 3 : 0
    }
}
