import Glibc

/// How many files this process may have open.
enum FileLimit {
    /// As many as the system lets us: each mount, feed and connection takes some, and what shells
    /// begin with, 1024, is the limit of an old system call that nobody here uses.
    static func raise() {
        guard var limit = current else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    }

    /// Throws when so many are open that one more mount would take what the mounts, connections
    /// and commands that are there need. Without any left a node could not even unmount.
    static func check(for subject: String) throws(NodeError) {
        guard let limit = current.map({ Int(clamping: $0.rlim_cur) }), let count = openFiles,
            count > limit - min(Limits.sparedFiles, limit / 4)
        else { return }
        throw NodeError(
            .failed,
            "\(subject): the node has \(count) files open, and may have \(limit); the rest is for "
                + "the mounts that are there",
            hint: "unmount others, or raise 'ulimit -Hn' (LimitNOFILE= of a service) and run "
                + "'hyperfs node --replace'")
    }

    private static var current: rlimit? {
        var limit = rlimit()
        let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        return getrlimit(resource, &limit) == 0 ? limit : nil
    }

    /// nil where nobody tells.
    private static var openFiles: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Not `.`, `..` and the folder itself.
        return count - 3
    }
}
