import CFuse
import FileTree
import Glibc

/// Changing names and descriptions.
extension Session {
    static func addChanges(_ table: inout fuse_lowlevel_ops) {
        addMaking(&table)
        addRemoving(&table)
        table.setattr = { raw, node, attributes, mask, _ in
            guard let request = Request(raw, .setattr), let session = request.session,
                let attributes
            else {
                return
            }
            session.change(request, node, attributes.pointee, mask)
        }
        table.setxattr = { raw, node, name, value, size, flags in
            guard let request = Request(raw, .setxattr), let session = request.session else {
                return
            }
            let bytes = Array(UnsafeRawBufferPointer(start: value, count: size))
            guard let name = session.name(name, request, ifBad: EOPNOTSUPP) else { return }
            session.serve(request) {
                session.tree.setAttribute(
                    inode: node, name: name, value: bytes, flags: flags, reply: $0)
            } answer: {
                $0.reply(done: $1)
            }
        }
        table.removexattr = { raw, node, name in
            guard let request = Request(raw, .removexattr), let session = request.session else {
                return
            }
            guard let name = session.name(name, request, ifBad: ENODATA) else { return }
            session.serve(request) {
                session.tree.removeAttribute(inode: node, name: name, reply: $0)
            } answer: {
                $0.reply(done: $1)
            }
        }
    }

    private static func addMaking(_ table: inout fuse_lowlevel_ops) {
        table.mknod = { raw, parent, name, mode, _ in
            guard let request = Request(raw, .mknod), let session = request.session else { return }
            session.make(request, name) {
                session.tree.makeNode(
                    parent: parent, name: $0, type: mode, request.making(mode: mode), reply: $1)
            }
        }
        table.mkdir = { raw, parent, name, mode in
            guard let request = Request(raw, .mkdir), let session = request.session else { return }
            session.make(request, name) {
                session.tree.makeFolder(
                    parent: parent, name: $0, request.making(mode: mode), reply: $1)
            }
        }
        table.symlink = { raw, target, parent, name in
            guard let request = Request(raw, .symlink), let session = request.session else {
                return
            }
            guard let target = session.name(target, request, ifBad: EILSEQ) else { return }
            session.make(request, name) {
                session.tree.makeLink(
                    parent: parent, name: $0, target: target, request.making(mode: 0o777),
                    reply: $1)
            }
        }
        table.link = { raw, _, _, _ in
            guard let request = Request(raw, .link), let session = request.session else { return }
            // No drive can say that two names are one file.
            request.fail(session.tree.isWritable ? EPERM : EROFS)
        }
    }

    private static func addRemoving(_ table: inout fuse_lowlevel_ops) {
        table.unlink = { raw, parent, name in
            guard let request = Request(raw, .unlink), let session = request.session,
                let name = session.name(name, request, ifBad: ENOENT)
            else { return }
            session.serve(request) {
                session.tree.remove(parent: parent, name: name, reply: $0)
            } answer: {
                $0.reply(done: $1)
            }
        }
        table.rmdir = { raw, parent, name in
            guard let request = Request(raw, .rmdir), let session = request.session,
                let name = session.name(name, request, ifBad: ENOENT)
            else { return }
            session.serve(request) {
                session.tree.removeFolder(parent: parent, name: name, reply: $0)
            } answer: {
                $0.reply(done: $1)
            }
        }
        table.rename = { raw, parent, name, newParent, newName, flags in
            guard let request = Request(raw, .rename), let session = request.session,
                let name = session.name(name, request, ifBad: ENOENT),
                let newName = session.name(newName, request, ifBad: EILSEQ)
            else { return }
            session.serve(request) {
                session.tree.rename(
                    from: parent, name: name, to: newParent, newName: newName, flags: flags,
                    reply: $0)
            } answer: {
                $0.reply(done: $1)
            }
        }
    }

    /// Names in a drive are Unicode; others cannot be kept. Nil: answered.
    func name(_ text: UnsafePointer<CChar>?, _ request: Request, ifBad number: Int32) -> String? {
        if let text, let name = String(validatingCString: text) { return name }
        request.fail(number)
        return nil
    }

    private func make(
        _ request: Request, _ name: UnsafePointer<CChar>?,
        _ start: (String, @escaping Tree.Reply<Attributes>) -> Pending?
    ) {
        guard let name = self.name(name, request, ifBad: EILSEQ) else { return }
        let tree = tree
        serve(request) {
            start(name, $0)
        } answer: {
            switch $1 {
            case .success(let attributes):
                if !$0.reply(entry: attributes) { tree.forget(inode: attributes.node, count: 1) }
            case .failure(let error): $0.fail(error)
            }
        }
    }

    private func change(_ request: Request, _ node: UInt64, _ status: stat, _ mask: Int32) {
        var changes = AttributeChanges()
        if mask & FUSE_SET_ATTR_MODE != 0 { changes.mode = status.st_mode }
        if mask & FUSE_SET_ATTR_UID != 0 { changes.uid = status.st_uid }
        if mask & FUSE_SET_ATTR_GID != 0 { changes.gid = status.st_gid }
        if mask & FUSE_SET_ATTR_SIZE != 0 { changes.size = UInt64(max(0, status.st_size)) }
        if mask & FUSE_SET_ATTR_MTIME_NOW != 0 {
            changes.mtime = .now
        } else if mask & FUSE_SET_ATTR_MTIME != 0 {
            changes.mtime = .at(status.st_mtim.milliseconds)
        }
        changes.isAccessed = mask & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW) != 0
        let (tree, wanted) = (tree, changes)
        serve(request) {
            tree.setAttributes(inode: node, wanted, reply: $0)
        } answer: {
            switch $1 {
            case .success(let attributes): $0.reply(attributes: attributes)
            case .failure(let error): $0.fail(error)
            }
        }
    }
}

extension Request {
    /// Nothing to tell but that it is done.
    func reply(done result: Result<Void, PosixError>) {
        switch result {
        case .success: succeed()
        case .failure(let error): fail(error)
        }
    }
}

extension timespec {
    /// Milliseconds since 1970, 0 for what was before.
    fileprivate var milliseconds: UInt64 {
        tv_sec < 0 ? 0 : UInt64(tv_sec) &* 1000 &+ UInt64(max(0, tv_nsec)) / 1_000_000
    }
}
