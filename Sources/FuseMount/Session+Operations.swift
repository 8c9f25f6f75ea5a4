import CFuse
import Glibc

/// The table that libfuse calls through. Closures without context: the session comes with each
/// request.
extension Session {
    static func operations() -> fuse_lowlevel_ops {
        var table = fuse_lowlevel_ops()
        addNames(&table)
        addFiles(&table)
        addFolders(&table)
        addAttributes(&table)
        addChanges(&table)
        addWriting(&table)
        table.`init` = { _, connection in
            if let connection { Session.negotiate(connection) }
        }
        return table
    }

    /// What we want of the kernel, as far as it can.
    private static func negotiate(_ connection: UnsafeMutablePointer<fuse_conn_info>) {
        let wanted: [UInt32] = [
            UInt32(FUSE_CAP_ASYNC_READ), UInt32(FUSE_CAP_PARALLEL_DIROPS),
            UInt32(FUSE_CAP_READDIRPLUS),
            UInt32(FUSE_CAP_READDIRPLUS_AUTO), UInt32(FUSE_CAP_CACHE_SYMLINKS),
            // A file that is emptied by opening it is one change, not two.
            UInt32(FUSE_CAP_ATOMIC_O_TRUNC),
            // A node's content never changes, so that the kernel need not guess when it did.
            UInt32(FUSE_CAP_EXPLICIT_INVAL_DATA), UInt32(FUSE_CAP_EXPIRE_ONLY),
        ]
        let unwanted: [UInt32] = [
            UInt32(FUSE_CAP_AUTO_INVAL_DATA), UInt32(FUSE_CAP_WRITEBACK_CACHE),
            // With it the kernel waits for a direct read in a way that not even SIGKILL ends.
            UInt32(FUSE_CAP_ASYNC_DIO),
            // Replies come from memory: a pipe in between would cost more than it saves.
            UInt32(FUSE_CAP_SPLICE_READ), UInt32(FUSE_CAP_SPLICE_WRITE),
            UInt32(FUSE_CAP_SPLICE_MOVE),
        ]
        for capability in wanted { cfuse_want(connection, capability, 1) }
        for capability in unwanted { cfuse_want(connection, capability, 0) }
        connection.pointee.max_background = Limits.backgroundRequests
        connection.pointee.congestion_threshold = Limits.congestionRequests
        connection.pointee.time_gran = 1_000_000
    }

    private static func addNames(_ table: inout fuse_lowlevel_ops) {
        table.lookup = { raw, parent, name in
            guard let request = Request(raw, .lookup), let session = request.session else { return }
            session.lookup(request, parent, name)
        }
        table.forget = { raw, node, count in
            Session.of(raw)?.tree.forget(inode: node, count: count)
            fuse_reply_none(raw)
        }
        table.forget_multi = { raw, count, list in
            let tree = Session.of(raw)?.tree
            for item in UnsafeBufferPointer(start: list, count: count) {
                tree?.forget(inode: item.ino, count: item.nlookup)
            }
            fuse_reply_none(raw)
        }
        table.getattr = { raw, node, _ in
            guard let request = Request(raw, .getattr), let session = request.session else {
                return
            }
            session.attributes(request, node)
        }
        table.readlink = { raw, node in
            guard let request = Request(raw, .readlink), let session = request.session else {
                return
            }
            session.readLink(request, node)
        }
        table.access = { raw, node, mask in
            guard let request = Request(raw, .access), let session = request.session else { return }
            session.access(request, node, mask)
        }
    }

    private static func addFiles(_ table: inout fuse_lowlevel_ops) {
        table.open = { raw, node, info in
            guard let request = Request(raw, .open), let session = request.session, let info else {
                return
            }
            session.open(request, node, info.pointee)
        }
        table.read = { raw, _, size, offset, info in
            guard let request = Request(raw, .read), let session = request.session, let info else {
                return
            }
            session.read(request, info.pointee.fh, UInt64(max(0, offset)), size)
        }
        table.release = { raw, _, info in
            guard let request = Request(raw, .release), let session = request.session, let info
            else {
                return
            }
            session.tree.close(handle: info.pointee.fh)
            request.succeed()
        }
        table.lseek = { raw, _, offset, whence, info in
            guard let request = Request(raw, .lseek), let session = request.session, let info else {
                return
            }
            session.seek(request, info.pointee.fh, offset, whence)
        }
        table.statfs = { raw, _ in
            guard let request = Request(raw, .statfs), let session = request.session else { return }
            session.statistics(request)
        }
    }

    private static func addFolders(_ table: inout fuse_lowlevel_ops) {
        table.opendir = { raw, node, info in
            guard let request = Request(raw, .opendir), let session = request.session, let info
            else {
                return
            }
            session.openFolder(request, node, info.pointee)
        }
        table.readdir = { raw, _, size, offset, info in
            guard let request = Request(raw, .readdir), let session = request.session, let info
            else {
                return
            }
            session.list(request, info.pointee.fh, size, offset, withAttributes: false)
        }
        table.readdirplus = { raw, _, size, offset, info in
            guard let request = Request(raw, .readdirplus), let session = request.session, let info
            else {
                return
            }
            session.list(request, info.pointee.fh, size, offset, withAttributes: true)
        }
        table.releasedir = { raw, _, info in
            guard let request = Request(raw, .releasedir), let session = request.session, let info
            else {
                return
            }
            session.tree.closeDirectory(handle: info.pointee.fh)
            request.succeed()
        }
    }

    private static func addAttributes(_ table: inout fuse_lowlevel_ops) {
        table.getxattr = { raw, node, name, size in
            guard let request = Request(raw, .getxattr), let session = request.session else {
                return
            }
            session.extendedAttribute(request, node, name, size)
        }
        table.listxattr = { raw, node, size in
            guard let request = Request(raw, .listxattr), let session = request.session else {
                return
            }
            session.extendedAttributes(request, node, size)
        }
    }
}
