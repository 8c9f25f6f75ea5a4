import CFuse
import FileTree
import Glibc

/// Making files and writing to them.
extension Session {
    static func addWriting(_ table: inout fuse_lowlevel_ops) {
        table.create = { raw, parent, name, mode, info in
            guard let request = Request(raw, .create), let session = request.session, let info,
                let name = session.name(name, request, ifBad: EILSEQ)
            else { return }
            session.create(request, parent, name, mode, info.pointee)
        }
        table.write = { raw, _, bytes, size, offset, info in
            guard let request = Request(raw, .write), let session = request.session, let info else {
                return
            }
            let data = UnsafeRawBufferPointer(start: bytes, count: size)
            request.reply(written: {
                () throws(PosixError) in
                try session.tree.write(
                    handle: info.pointee.fh, offset: UInt64(max(0, offset)), data)
            })
        }
        addSyncing(&table)
        table.fallocate = { raw, _, mode, offset, length, info in
            guard let request = Request(raw, .fallocate), let session = request.session, let info
            else {
                return
            }
            do throws(PosixError) {
                try session.tree.allocate(
                    handle: info.pointee.fh, mode: mode, offset: UInt64(max(0, offset)),
                    length: UInt64(max(0, length)))
                request.succeed()
            } catch {
                request.fail(error)
            }
        }
        table.copy_file_range = { raw, _, from, source, _, to, target, count, _ in
            guard let request = Request(raw, .copyFileRange), let session = request.session,
                let source, let target
            else { return }
            request.reply(written: {
                () throws(PosixError) in
                Int(
                    clamping: try session.tree.copy(
                        from: source.pointee.fh, at: UInt64(max(0, from)),
                        to: target.pointee.fh, at: UInt64(max(0, to)), count: UInt64(count)))
            })
        }
    }

    private static func addSyncing(_ table: inout fuse_lowlevel_ops) {
        table.flush = { raw, _, info in
            guard let request = Request(raw, .flush), let session = request.session, let info else {
                return
            }
            do throws(PosixError) {
                try session.tree.flush(handle: info.pointee.fh)
                request.succeed()
            } catch {
                request.fail(error)
            }
        }
        table.fsync = { raw, _, _, info in
            guard let request = Request(raw, .fsync), let session = request.session, let info else {
                return
            }
            let (tree, handle) = (session.tree, info.pointee.fh)
            session.serve(request) {
                tree.sync(handle: handle, reply: $0)
                return nil
            } answer: {
                $0.reply(done: $1)
            }
        }
        table.fsyncdir = { raw, _, _, info in
            guard let request = Request(raw, .fsyncdir), let session = request.session, let info
            else {
                return
            }
            let (tree, handle) = (session.tree, info.pointee.fh)
            session.serve(request) {
                tree.syncFolder(handle: handle, reply: $0)
                return nil
            } answer: {
                $0.reply(done: $1)
            }
        }
    }

    private func create(
        _ request: Request, _ parent: UInt64, _ name: String, _ mode: mode_t,
        _ info: fuse_file_info
    ) {
        let tree = tree
        let box = FileInfo(info)
        serve(request) {
            tree.create(
                parent: parent, name: name, flags: info.flags, request.making(mode: mode),
                reply: $0)
        } answer: {
            switch $1 {
            case .success(let created):
                var info = box.raw
                info.fh = created.opened.handle
                info.keep_cache = 1
                info.noflush = info.flags & O_ACCMODE == O_RDONLY ? 1 : 0
                if !$0.reply(created: created.attributes, &info) {
                    tree.close(handle: created.opened.handle)
                    tree.forget(inode: created.attributes.node, count: 1)
                }
            case .failure(let error): $0.fail(error)
            }
        }
    }
}

extension Request {
    /// How many bytes were written, or why none.
    fileprivate func reply(written body: () throws(PosixError) -> Int) {
        do throws(PosixError) {
            let count = try body()
            fuse_reply_write(raw, count)
            answered()
        } catch {
            fail(error)
        }
    }
}
