import CFuse
import Dispatch
import FileTree
import Glibc
import Synchronization

/// A `FileTree` in the place of a folder, behind libfuse3's low-level API.
public final class Mount: Sendable {
    /// Absolute, without symbolic links.
    public let mountpoint: String
    /// What was mended on the way, for people.
    public let notes: [String]

    private let session: Session
    private let pointer: SessionPointer
    private let ended = DispatchGroup()
    private let isUnmounting = Atomic<Bool>(false)
    /// "major:minor" of the mount, to know it from another one at the same place.
    private let device = Mutex("")

    /// Where drives are mounted in this process's namespace, by whomever.
    public static var mountpoints: [String] {
        MountTable.current().lines.filter { $0.type == "fuse.hyperfs" }.map(\.mountpoint)
    }

    /// Mounts; returns once the kernel has been answered and the root shows its attributes. Throws
    /// MountError.
    public init(tree: Tree, at mountpoint: String, options: Options) throws {
        let prepared = try Mountpoint(preparing: mountpoint, nonEmpty: options.isOverFiles)
        self.mountpoint = prepared.path
        notes = prepared.notes
        session = Session(tree: tree)
        FuseLog.capture()
        pointer = try Self.connect(session, options)
        guard fuse_session_mount(pointer.raw, prepared.path) == 0 else {
            fuse_session_destroy(pointer.raw)
            Unmanaged.passUnretained(session).release()
            throw Self.refusal(prepared.path)
        }
        try start(workers: options.workers)
        try awaitRoot()
    }

    /// A session of libfuse that holds ours until its loop ends.
    private static func connect(
        _ session: Session, _ options: Options
    ) throws(MountError) -> SessionPointer {
        var operations = Session.operations()
        var argv: [UnsafeMutablePointer<CChar>?] = options.arguments.map { strdup($0) }
        defer { for argument in argv { free(argument) } }
        let context = Unmanaged.passRetained(session)
        let raw = argv.withUnsafeMutableBufferPointer { argv in
            var arguments = fuse_args(
                argc: Int32(argv.count), argv: argv.baseAddress, allocated: 0)
            defer { fuse_opt_free_args(&arguments) }
            return cfuse_session_new(&arguments, &operations, context.toOpaque())
        }
        guard let raw else {
            context.release()
            throw MountError(
                .failed, "libfuse refused the options: \(FuseLog.take())",
                hint: "check what follows -o")
        }
        return SessionPointer(raw: raw)
    }

    private static func refusal(_ path: String) -> MountError {
        let said = FuseLog.take()
        if said.contains("/dev/fuse") {
            return MountError(
                .fuseUnavailable, "FUSE cannot be used: \(said)",
                hint: "see that you may open /dev/fuse, and that 'modprobe fuse' works")
        }
        if said.contains(Mountpoint.text(of: ENOSPC)) {
            return MountError(
                .failed, "\(path): this machine has as many mounts as it may: \(said)",
                hint: "unmount others, or raise it: sysctl fs.mount-max=200000")
        }
        if said.contains(Mountpoint.text(of: EMFILE)) {
            return MountError(
                .failed, "\(path): \(said)",
                hint: "unmount others, or raise 'ulimit -Hn' (LimitNOFILE= of a service)")
        }
        if said.contains(Mountpoint.text(of: EAGAIN)) || !NativeThread.isToBeHad {
            return noThread(path)
        }
        if said.contains("allow_other") {
            return MountError(
                .failed, "others may not be let in: \(said)",
                hint: "put the line user_allow_other into /etc/fuse.conf")
        }
        // What fusermount3 said went to the standard error, and nowhere else. Root needs it only
        // where mount(2) has ended in EPERM.
        guard said.isEmpty else {
            return MountError(
                .mountpointUnusable, "\(path) cannot be mounted over: \(said)",
                hint: "choose another folder, in another file system perhaps")
        }
        if geteuid() == 0 {
            return MountError(
                .fuseUnavailable, "\(path): this process may not mount anything",
                hint: "a container needs the right to mount: CAP_SYS_ADMIN and /dev/fuse")
        }
        return Helper.tooMany(path) ?? Helper.powerless(path)
            ?? MountError(
                .mountpointUnusable, "\(path) cannot be mounted over: fusermount3 refuses",
                hint: "why it refused is on the standard error, or in node.log")
    }

    private func start(workers: Int) throws(MountError) {
        let invalidator = Invalidator(pointer)
        let notifier = NativeThread { invalidator.run() }
        guard let notifier else { throw abandoned() }
        session.tree.onInvalidate { invalidator.add($0) }
        let (pointer, session, ended) = (pointer, session, ended)
        ended.enter()
        let loop = NativeThread {
            Self.loop(pointer, workers: workers)
            session.drain()
            session.tree.onInvalidate { _ in }
            invalidator.stop()
            notifier.join()
            fuse_session_destroy(pointer.raw)
            Unmanaged.passUnretained(session).release()
            ended.leave()
        }
        guard let loop else {
            invalidator.stop()
            notifier.join()
            ended.leave()
            throw abandoned()
        }
        loop.detach()
    }

    private func abandoned() -> MountError {
        try? Mountpoint.unmount(mountpoint, lazy: true)
        fuse_session_destroy(pointer.raw)
        Unmanaged.passUnretained(session).release()
        return Self.noThread(mountpoint)
    }

    private static func noThread(_ path: String) -> MountError {
        MountError(
            .failed, "\(path): the system has no thread left for this user, or this process",
            hint: "unmount something, or raise 'ulimit -u' (TasksMax= of a service)")
    }

    private static func loop(_ pointer: SessionPointer, workers: Int) {
        guard let configuration = fuse_loop_cfg_create() else { return }
        fuse_loop_cfg_set_clone_fd(configuration, 1)
        fuse_loop_cfg_set_max_threads(configuration, UInt32(max(1, workers)))
        // Idle workers stay: starting a thread costs more than a request.
        fuse_loop_cfg_set_idle_threads(configuration, UInt32(max(1, workers)))
        _ = cfuse_session_loop_mt(pointer.raw, configuration)
        fuse_loop_cfg_destroy(configuration)
    }

    /// The kernel holds this back until INIT is answered.
    private func awaitRoot() throws(MountError) {
        var status = Glibc.stat()
        guard stat(mountpoint, &status) == 0 else {
            let reason = Mountpoint.text(of: errno)
            let said = FuseLog.take()
            unmount()
            if said.contains(Mountpoint.text(of: EAGAIN)) { throw Self.noThread(mountpoint) }
            throw MountError(
                .failed,
                "\(mountpoint) does not answer: \(reason)" + (said.isEmpty ? "" : ", \(said)"),
                hint: "see 'dmesg', or try again")
        }
        let line = MountTable.current().mount(at: mountpoint)
        device.withLock { $0 = line?.device ?? "" }
    }

    /// Blocks until it is unmounted, by us, umount or fusermount3, and every request is answered.
    public func wait() { ended.wait() }

    /// Calls back at that time, holding no thread until then.
    public func afterEnd(_ body: @escaping @Sendable () -> Void) {
        ended.notify(queue: .global(), execute: body)
    }

    /// Unmounts; readers that wait get EINTR. When it is in use it is taken away all the same, and
    /// whoever uses it gets ENOTCONN. Returns when it is over.
    public func unmount() {
        if isUnmounting.exchange(true, ordering: .acquiringAndReleasing) {
            ended.wait()
            return
        }
        session.interruptAll()
        let isOff = !isThere || leave()
        ended.wait()
        if !isOff { clearAway() }
    }

    /// There was no process or descriptor to unmount with; our threads have ended since, and so
    /// have those of mounts that end beside this one.
    private func clearAway() {
        for _ in 0..<Limits.unmountAttempts where Mountpoint.isDead(mountpoint) {
            if (try? Mountpoint.unmount(mountpoint, lazy: true)) != nil { return }
            usleep(Limits.unmountPauseMicroseconds)
        }
    }

    /// Unmounts as umount does: throws MountError `.failed` while it is in use. `wait` tells when
    /// it is over.
    public func unmountUnlessInUse() throws {
        // A copy of the mount in another namespace (a container's, a service's) would keep the
        // kernel from ending the loop for as long as it lives; `unmount` ends it itself.
        if geteuid() == 0, try Mountpoint.isUnused(mountpoint) { return unmount() }
        try Self.unmount(mountpoint, lazy: false)
    }

    /// Whether what is at the mountpoint is this mount.
    private var isThere: Bool {
        let table = MountTable.current()
        let own = device.withLock { $0 }
        guard table.lines.isEmpty else {
            return table.mount(at: mountpoint).map { own.isEmpty || $0.device == own } ?? false
        }
        // No descriptor is left to read the table with. This needs none; and to wait for the end
        // of a mount that nobody ends would be for ever.
        var status = Glibc.stat()
        guard !own.isEmpty, stat(mountpoint, &status) == 0 else { return true }
        // As makedev(3) puts them together.
        let number = status.st_dev
        let major = (number >> 8) & 0xFFF | (number >> 32) & 0xFFFF_F000
        let minor = number & 0xFF | (number >> 12) & 0xFFFF_FF00
        return own == "\(major):\(minor)"
    }

    /// Linux's O_PATH, which Glibc's module leaves out.
    private static let pathOnly: Int32 = 0o10000000

    /// Off the tree of folders, then out of the loop. Not the other way round and not by waiting
    /// for the kernel's last word: a copy of the mount in another namespace, or an open file,
    /// would hold that back for as long as it lives.
    private func leave() -> Bool {
        let folder = open(mountpoint, Self.pathOnly | O_DIRECTORY | O_CLOEXEC)
        var status = statvfs()
        guard folder >= 0 else {
            // No descriptor is left: the other way round, or it would never end.
            fuse_session_exit(pointer.raw)
            _ = statvfs(mountpoint, &status)
            return (try? Mountpoint.unmount(mountpoint, lazy: true)) != nil
        }
        defer { close(folder) }
        let isOff = (try? Mountpoint.unmount(mountpoint, lazy: true)) != nil
        fuse_session_exit(pointer.raw)
        // A worker notices at its next request: this one.
        _ = fstatvfs(folder, &status)
        return isOff
    }

    /// Unmounts anybody's mountpoint. `lazy`: even when it is in use; a dead one always is. Throws
    /// MountError `.notMounted`, `.failed`.
    public static func unmount(_ mountpoint: String, lazy: Bool) throws {
        let path = Mountpoint.canonical(mountpoint)
        let dead = path == nil && errno == ENOTCONN
        guard let path = path ?? Mountpoint.canonical(deadMount: mountpoint),
            MountTable.current().mount(at: path) != nil
        else {
            throw MountError(
                .notMounted, "nothing is mounted at \(mountpoint)",
                hint: "'findmnt -t fuse.hyperfs' lists what is")
        }
        try Mountpoint.unmount(path, lazy: lazy || dead || Mountpoint.isDead(path))
    }
}
