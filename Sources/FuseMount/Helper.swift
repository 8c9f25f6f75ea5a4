import Glibc

/// Runs `fusermount3`, which has the right to mount and unmount that users lack.
enum Helper {
    static let program = "fusermount3"

    /// systemd starts units without PATH.
    private static let folders = ["/usr/local/bin", "/usr/bin", "/bin"]

    /// Where the program is; nil = not installed.
    static var path: String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let all = path.split(separator: ":").map(String.init) + folders
        return all.map { $0 + "/" + program }.first { Glibc.access($0, X_OK) == 0 }
    }

    /// Runs it to its end; what it wrote to its error output is the reason.
    static func run(_ arguments: [String]) -> (status: Int32, output: String) {
        guard let path else { return (-1, program + " is not installed") }
        var pipes: [Int32] = [-1, -1]
        guard pipe(&pipes) == 0 else { return (-1, "no pipe: errno \(errno)") }
        for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(pipes[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipes[1], 2)
        var argv = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        var child = pid_t()
        let result = posix_spawn(&child, path, &actions, nil, &argv, environ)
        close(pipes[1])
        guard result == 0 else { return (-1, "\(path) did not start: errno \(result)") }
        let output = readAll(pipes[0])
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return (status, output)
    }

    /// Why it may have refused: it lets a machine have so many mounts of users, and no more
    /// (fuse.conf(5)).
    static func tooMany(_ path: String) -> MountError? {
        let count = MountTable.current().lines.count { $0.type.hasPrefix("fuse") }
        guard count >= mountsMax else { return nil }
        return MountError(
            .failed,
            "\(path): users may have \(mountsMax) FUSE mounts here, and \(count) are there",
            hint: "unmount others, or have 'mount_max = N' in /etc/fuse.conf raised")
    }

    /// Or it has no right that it could lend.
    static func powerless(_ path: String) -> MountError? {
        var status = stat()
        guard let program = Self.path, stat(program, &status) == 0,
            status.st_mode & S_ISUID == 0 || status.st_uid != 0
        else { return nil }
        return MountError(
            .fuseUnavailable, "\(path): \(program) may not mount, since it is not setuid root",
            hint: "install the package fuse3 again; where nothing may be setuid, only root mounts")
    }

    private static var mountsMax: Int {
        for line in MountTable.readFile("/etc/fuse.conf").split(separator: "\n") {
            let parts = line.split(separator: "=").map { $0.filter { !$0.isWhitespace } }
            if parts.count == 2, parts[0] == "mount_max", let number = Int(parts[1]) {
                return number
            }
        }
        return Limits.helperMounts
    }

    private static func readAll(_ file: Int32) -> String {
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 512)
        while true {
            let count = read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            if output.count < Limits.helperOutputBytes { output += chunk[..<count] }
        }
        while output.last == UInt8(ascii: "\n") { output.removeLast() }
        return String(decoding: output, as: UTF8.self)
    }
}
