import CFuse
import FileTree
import Glibc

/// Opening, reading, listing.
extension Session {
    func open(_ request: Request, _ node: UInt64, _ info: fuse_file_info) {
        let tree = tree
        let box = FileInfo(info)
        serve(request) {
            tree.open(inode: node, flags: info.flags, reply: $0)
        } answer: {
            switch $1 {
            case .success(let opened):
                var info = box.raw
                info.fh = opened.handle
                info.keep_cache = opened.keepsCache ? 1 : 0
                info.direct_io = opened.isDirect ? 1 : 0
                // Where nothing is written, closing has nothing to flush.
                info.noflush = info.flags & O_ACCMODE == O_RDONLY ? 1 : 0
                if !$0.reply(opened: &info) { tree.close(handle: opened.handle) }
            case .failure(let error): $0.fail(error)
            }
        }
    }

    /// The fast path: found, read and answered on the thread that brought the request.
    func read(_ request: Request, _ handle: UInt64, _ offset: UInt64, _ size: Int) {
        if replyLocally(request, handle, offset, size) {
            OperationMetrics.hits.increment()
        } else {
            OperationMetrics.misses.increment()
            readLater(request, handle, offset, size, attempts: Limits.readAttempts)
        }
    }

    /// False: not all of it is here, and nothing was answered.
    private func replyLocally(
        _ request: Request, _ handle: UInt64, _ offset: UInt64, _ size: Int
    ) -> Bool {
        ReadBuffer.with(size) { buffer in
            guard let buffer else {
                request.fail(ENOMEM)
                return true
            }
            do throws(PosixError) {
                let count = try tree.readLocal(handle: handle, offset: offset, into: buffer)
                guard let count else { return false }
                request.reply(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } catch {
                request.fail(error)
            }
            return true
        }
    }

    private func readLater(
        _ request: Request, _ handle: UInt64, _ offset: UInt64, _ size: Int, attempts: Int
    ) {
        let began = OperationMetrics.now
        serve(request) {
            tree.prepareRead(handle: handle, offset: offset, count: size, reply: $0)
        } answer: { [self] request, result in
            OperationMetrics.waits.recordNanoseconds(
                Int64(clamping: OperationMetrics.now &- began))
            switch result {
            case .success:
                if replyLocally(request, handle, offset, size) { return }
                // Evicted already, by a cache that is too small for what is read at once.
                guard attempts > 1 else { return request.fail(EIO) }
                readLater(request, handle, offset, size, attempts: attempts - 1)
            case .failure(let error): request.fail(error)
            }
        }
    }

    func seek(_ request: Request, _ handle: UInt64, _ offset: off_t, _ whence: Int32) {
        guard offset >= 0 else {
            request.fail(ENXIO)
            return
        }
        serve(request) {
            tree.seek(handle: handle, offset: UInt64(offset), whence: whence, reply: $0)
        } answer: { request, result in
            switch result {
            case .success(let position): request.reply(position: position)
            case .failure(let error): request.fail(error)
            }
        }
    }

    func openFolder(_ request: Request, _ node: UInt64, _ info: fuse_file_info) {
        let tree = tree
        let box = FileInfo(info)
        serve(request) {
            tree.openDirectory(inode: node, reply: $0)
        } answer: {
            switch $1 {
            case .success(let opened):
                var info = box.raw
                info.fh = opened.handle
                info.keep_cache = opened.keepsCache ? 1 : 0
                info.cache_readdir = opened.isDirect ? 0 : 1
                if !$0.reply(opened: &info) { tree.closeDirectory(handle: opened.handle) }
            case .failure(let error): $0.fail(error)
            }
        }
    }

    func list(
        _ request: Request, _ handle: UInt64, _ size: Int, _ offset: off_t, withAttributes: Bool
    ) {
        ReadBuffer.with(size) { buffer in
            guard let buffer, let base = buffer.baseAddress else {
                request.fail(ENOMEM)
                return
            }
            var used = 0
            do throws(PosixError) {
                try tree.readDirectory(
                    handle: handle, from: Int(clamping: offset), withAttributes: withAttributes
                ) { next, entry in
                    let room = size - used
                    let target = (base + used).assumingMemoryBound(to: CChar.self)
                    let count = Self.add(
                        entry, next, to: target, room, request, withAttributes: withAttributes)
                    guard count <= room else { return false }
                    used += count
                    return true
                } finish: {
                    request.reply(UnsafeRawBufferPointer(start: base, count: used))
                }
            } catch {
                request.fail(error)
            }
        }
    }

    /// Bytes the entry takes; nothing was written when that is more than there is room.
    private static func add(
        _ entry: DirectoryEntry, _ next: Int, to target: UnsafeMutablePointer<CChar>,
        _ room: Int, _ request: Request, withAttributes: Bool
    ) -> Int {
        if withAttributes {
            // Node 0: the kernel looks the name up when it needs it.
            var parameters = entry.attributes.map { fuse_entry_param($0) } ?? fuse_entry_param()
            parameters.attr.st_ino = UInt(entry.inode)
            parameters.attr.st_mode = entry.attributes?.mode ?? entry.mode
            return fuse_add_direntry_plus(
                request.raw, target, room, entry.name, &parameters, off_t(next))
        }
        var status = stat()
        status.st_ino = UInt(entry.inode)
        status.st_mode = entry.mode
        return fuse_add_direntry(request.raw, target, room, entry.name, &status, off_t(next))
    }
}

/// What came with an open, for the answer.
///
/// `@unchecked Sendable`: a copy of numbers and flags, no pointers.
struct FileInfo: @unchecked Sendable {
    let raw: fuse_file_info
    init(_ raw: fuse_file_info) { self.raw = raw }
}
