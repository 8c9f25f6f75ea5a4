import Glibc

/// A folder that is going to be mounted over, or is.
struct Mountpoint {
    /// Absolute, without symbolic links: as the mount table writes it.
    let path: String
    /// What was done to make it usable, for people.
    private(set) var notes: [String] = []

    /// Checks that a folder can be mounted over; clears a dead mount of ours away.
    init(preparing folder: String, nonEmpty: Bool) throws(MountError) {
        try Self.checkSystem()
        var status = Glibc.stat()
        if stat(folder, &status) != 0 {
            let reason = errno
            guard reason == ENOTCONN, let dead = Self.canonical(deadMount: folder) else {
                throw Self.unusable(folder, reason)
            }
            try Self.clear(dead)
            notes.append(Self.note(dead))
            guard stat(folder, &status) == 0 else { throw Self.unusable(folder, errno) }
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw MountError(
                .mountpointUnusable, "\(folder) is not a folder", hint: "name an empty folder")
        }
        guard let path = Self.canonical(folder) else { throw Self.unusable(folder, errno) }
        self.path = path
        if Self.isDead(path) {
            try Self.clear(path)
            notes.append(Self.note(path))
        }
        try checkFree()
        if !nonEmpty { try checkEmpty() }
        if geteuid() != 0, Glibc.access(path, W_OK) != 0 {
            throw MountError(
                .mountpointUnusable, "you may not write to \(path), so you may not mount over it",
                hint: "choose a folder of your own")
        }
    }

    private static func note(_ path: String) -> String {
        "\(path) was left mounted by a hyperfs that is gone; unmounted it"
    }

    /// Whether the program behind a mount is gone. The kernel may show the attributes it has kept
    /// of the folder; the space of a file system it does not keep.
    static func isDead(_ path: String) -> Bool {
        var status = statvfs()
        return statvfs(path, &status) != 0 && errno == ENOTCONN
    }

    /// Whether this machine and this user can mount at all.
    static func checkSystem() throws(MountError) {
        if Glibc.access("/dev/fuse", F_OK) != 0 {
            throw MountError(
                .fuseUnavailable, "this machine has no /dev/fuse",
                hint: "load it with 'modprobe fuse'; a container needs '--device /dev/fuse'"
                    + " and the right to mount")
        }
        if geteuid() != 0, Helper.path == nil {
            throw MountError(
                .fuseUnavailable, "fusermount3 is not installed, which users need to mount",
                hint: "install the package fuse3")
        }
    }

    private static func unusable(_ folder: String, _ reason: Int32) -> MountError {
        switch reason {
        case ENOENT:
            MountError(
                .mountpointUnusable, "\(folder) does not exist", hint: "mkdir -p '\(folder)'")
        case ENOTCONN:
            MountError(
                .mountpointUnusable, "\(folder) is the mount of another program that died",
                hint: "fusermount3 -uz '\(folder)'")
        case EMFILE, ENFILE:
            MountError(
                .failed, "\(folder): \(text(of: reason))",
                hint: "unmount others, or raise 'ulimit -Hn' (LimitNOFILE= of a service)")
        default:
            MountError(
                .mountpointUnusable, "\(folder): \(text(of: reason))",
                hint: "choose a folder that you can list")
        }
    }

    private func checkFree() throws(MountError) {
        // Over an automounter's trigger is where a mount belongs.
        guard let other = MountTable.current().mount(at: path), other.type != "autofs" else {
            return
        }
        throw MountError(
            .mountpointUnusable, "\(path) is mounted already (\(other.source), \(other.type))",
            hint: "hyperfs unmount '\(path)', or choose another folder")
    }

    private func checkEmpty() throws(MountError) {
        guard let stream = opendir(path) else { throw Self.unusable(path, errno) }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." {
                throw MountError(
                    .mountpointUnusable, "\(path) is not empty",
                    hint: "choose an empty folder, or hide what is in it with '-o nonempty'")
            }
        }
    }

    /// Absolute and without links; nil with errno.
    static func canonical(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// A dead mount cannot be resolved itself; the folder it is in can.
    static func canonical(deadMount path: String) -> String? {
        var path = path[...]
        while path.count > 1, path.last == "/" { path.removeLast() }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let name = parts.last.map(String.init) ?? ""
        let folder = parts.dropLast().joined(separator: "/")
        let base = path.hasPrefix("/") && folder.isEmpty ? "/" : folder.isEmpty ? "." : folder
        guard !name.isEmpty, name != ".", name != "..", let real = canonical(base) else {
            return nil
        }
        return real == "/" ? "/" + name : real + "/" + name
    }

    static func text(of reason: Int32) -> String { String(cString: strerror(reason)) }

    private static func clear(_ path: String) throws(MountError) {
        guard MountTable.current().mount(at: path)?.type == "fuse.hyperfs" else {
            throw unusable(path, ENOTCONN)
        }
        try unmount(path, lazy: true)
    }

    /// For root: whether nobody uses a mount here; others may have copies of it elsewhere. Throws
    /// MountError `.failed` when somebody does. False: it cannot be told, or it is gone by now.
    static func isUnused(_ path: String) throws(MountError) -> Bool {
        // Marks it as expired, which whoever uses it next undoes. What was marked before goes.
        guard umount2(path, Int32(MNT_EXPIRE)) != 0 else { return false }
        if errno == EBUSY { throw busy(path) }
        return errno == EAGAIN
    }

    /// Takes a mount away, as root or with fusermount3. `lazy`: even when it is in use.
    static func unmount(_ path: String, lazy: Bool) throws(MountError) {
        let reason: String
        if geteuid() == 0 {
            guard umount2(path, Int32(lazy ? MNT_DETACH : 0)) != 0 else { return }
            if errno == EBUSY { throw busy(path) }
            reason = text(of: errno)
        } else {
            let (status, output) = Helper.run(["-u"] + (lazy ? ["-z"] : []) + ["--", path])
            if status == 0 { return }
            if output.contains("busy") { throw busy(path) }
            reason = output
        }
        throw MountError(
            .failed, "\(path) cannot be unmounted: \(reason)",
            hint: "fusermount3 -uz '\(path)'")
    }

    private static func busy(_ path: String) -> MountError {
        MountError(
            .failed, "\(path) is in use",
            hint: "see who with 'fuser -vm \(path)', or unmount lazily: hyperfs unmount -l")
    }
}
