import CFuse
import FileTree
import Glibc

/// One request of the kernel. It is answered exactly once; libfuse frees it then.
///
/// `@unchecked Sendable` without a lock: libfuse lets any thread answer a request, and it goes from
/// hand to hand: only one of them answers.
struct Request: @unchecked Sendable {
    let raw: fuse_req_t
    private let operation: Operation
    private let began: UInt64

    init?(_ raw: fuse_req_t?, _ operation: Operation) {
        guard let raw else { return nil }
        self.raw = raw
        self.operation = operation
        began = OperationMetrics.now
    }

    /// The mount it came through.
    var session: Session? { Session.of(raw) }

    /// What was asked is done, whatever became of it.
    func answered(_ number: Int32 = 0) { OperationMetrics.note(operation, number, since: began) }

    func fail(_ number: Int32) {
        fuse_reply_err(raw, number)
        answered(number)
    }

    func fail(_ error: PosixError) {
        session?.tree.report(error)
        fail(error.errno)
    }

    func succeed() { fail(0) }

    func reply(_ bytes: UnsafeRawBufferPointer) {
        fuse_reply_buf(raw, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        answered()
    }

    /// False: the kernel has given the request up, and does not know the node.
    func reply(entry attributes: Attributes) -> Bool {
        var entry = fuse_entry_param(attributes)
        defer { answered() }
        return fuse_reply_entry(raw, &entry) != -ENOENT
    }

    /// "There is nothing of that name", to be remembered for a while.
    func replyAbsent(validSeconds: Double) {
        var entry = fuse_entry_param()
        entry.entry_timeout = validSeconds
        fuse_reply_entry(raw, &entry)
        answered(ENOENT)
    }

    /// False: the kernel has given the request up, and knows neither node nor handle.
    func reply(created attributes: Attributes, _ info: inout fuse_file_info) -> Bool {
        var entry = fuse_entry_param(attributes)
        defer { answered() }
        return fuse_reply_create(raw, &entry, &info) != -ENOENT
    }

    /// Who asks, and with which permissions he wants something made.
    func making(mode: mode_t) -> Making {
        let context = fuse_req_ctx(raw)
        return Making(
            mode: mode, uid: context?.pointee.uid ?? 0, gid: context?.pointee.gid ?? 0)
    }

    func reply(attributes: Attributes) {
        var status = stat(attributes)
        fuse_reply_attr(raw, &status, attributes.validSeconds)
        answered()
    }

    func reply(position: UInt64) {
        fuse_reply_lseek(raw, off_t(clamping: position))
        answered()
    }

    func reply(target: String) {
        fuse_reply_readlink(raw, target)
        answered()
    }

    func reply(statistics: inout statvfs) {
        fuse_reply_statfs(raw, &statistics)
        answered()
    }

    /// False: the kernel has given the request up, and will not release the handle.
    func reply(opened info: inout fuse_file_info) -> Bool {
        defer { answered() }
        return fuse_reply_open(raw, &info) != -ENOENT
    }

    /// The size alone when no room was given, else the value; ERANGE when it does not fit.
    func reply(_ value: [UInt8], room: Int) {
        if room == 0 {
            fuse_reply_xattr(raw, value.count)
            answered()
        } else if value.count > room {
            fail(ERANGE)
        } else {
            value.withUnsafeBytes { reply($0) }
        }
    }
}

extension fuse_entry_param {
    init(_ attributes: Attributes) {
        self.init()
        ino = attributes.node
        attr = stat(attributes)
        attr_timeout = attributes.validSeconds
        entry_timeout = attributes.nameValidSeconds
    }
}

extension stat {
    /// The block size suits our own writers: programs read in such pieces.
    private static let preferredBytes = 64 << 10

    init(_ attributes: Attributes) {
        self.init()
        st_ino = UInt(attributes.inode)
        st_mode = attributes.mode
        st_nlink = numericCast(attributes.linkCount)
        st_uid = attributes.uid
        st_gid = attributes.gid
        st_size = Int(clamping: attributes.size)
        st_blocks = numericCast(Int(clamping: attributes.blocks512))
        st_blksize = numericCast(Self.preferredBytes)
        st_mtim = timespec(milliseconds: attributes.mtime)
        st_ctim = timespec(milliseconds: attributes.ctime)
        st_atim = st_mtim
    }
}

extension timespec {
    init(milliseconds: UInt64) {
        self.init(
            tv_sec: Int(clamping: milliseconds / 1000),
            tv_nsec: Int(milliseconds % 1000) * 1_000_000)
    }
}
