import Glibc
import Hypercore
import Hyperdrive

/// Linux's numbers, which Glibc's module leaves out.
private enum Seek {
    static let data: Int32 = 3
    static let hole: Int32 = 4
}

/// Opening and reading.
extension Tree {
    /// Opens a file for reading. Waits for nothing but what `stat` needs.
    @discardableResult
    public func open(inode: UInt64, flags: Int32, reply: @escaping Reply<Opened>) -> Pending? {
        guard let node = table.inode(inode) else {
            reply(.failure(.stale))
            return nil
        }
        let isWriter = flags & O_ACCMODE != O_RDONLY
        let isChanging = isWriter || flags & O_TRUNC != 0
        if isChanging, node.home?.volume.writer == nil {
            reply(.failure(.readOnly))
            return nil
        }
        let isEmptied = flags & O_TRUNC != 0
        return answer(on: node.home?.volume, changing: isEmptied, reply) { [self] in
            if case .report(let content) = node.role {
                let bytes = Array(content().prefix(Limits.reportBytes))
                return opened(node, .bytes(bytes), isDirect: true)
            }
            let stat = try stat(of: node)
            // A path whose content changed has another node by now: the kernel looks it up again.
            let (isGone, isOpen) = node.state.withLock {
                ($0.isDetached && !$0.isRemoved, $0.openCount > 0)
            }
            if isGone, !isOpen { throw PosixError.stale }
            guard stat.kind == .file || stat.kind == .other, let volume = node.home?.volume else {
                throw PosixError(stat.kind == .directory ? EISDIR : ELOOP, "not a file")
            }
            if volume.writer != nil, stat.kind == .file, stat.mount == nil {
                let item = try item(of: node)
                if isChanging { try volume.writer?.checkAlone() }
                try begin(item, of: node, flags)
                return opened(node, .item(item, volume), isWriter: isWriter, isDirect: false)
            }
            if isChanging { throw PosixError(EPERM, "its bytes are not in this drive") }
            return try opened(node, stat, volume)
        }
    }

    private func opened(_ node: Inode, _ stat: Stat, _ volume: Volume) throws -> Opened {
        if stat.kind == .other { return opened(node, .bytes([]), isDirect: true) }
        guard let mount = stat.mount, mount.isHypercore else {
            return opened(node, .blocks(stat, volume, feed: nil), isDirect: false)
        }
        // A whole feed as a file: to its end at open (docs/spec/hyperdrive.md section 3).
        let feed = try volume.drive.store.feed(key: mount.key)
        let (blocks, bytes) = feed.lengths
        var whole = stat
        whole.offset = 0
        whole.byteOffset = 0
        whole.blocks = max(blocks, stat.blocks)
        whole.size = max(bytes, stat.size)
        return opened(node, .blocks(whole, volume, feed: feed), isDirect: true)
    }

    func opened(
        _ node: Inode, _ source: OpenFile.Source, isWriter: Bool = false, isDirect: Bool
    ) -> Opened {
        let file = OpenFile(
            inode: node, source: source, isWriter: isWriter,
            readAheadBytesMax: configuration.readAheadBytesMax)
        node.state.withLock { $0.openCount += 1 }
        return Opened(handle: files.add(file), keepsCache: !isDirect, isDirect: isDirect)
    }

    /// Ends a handle; what was asked for ahead is withdrawn.
    public func close(handle: UInt64) {
        guard let file = files.remove(handle) else { return }
        file.inode.state.withLock { $0.openCount -= 1 }
        file.endReadAhead()
        endWriting(file)
    }

    /// Reads into `buffer` what is here and returns the count, 0 at the end of the file; nil = not
    /// all of it is here: `prepareRead`, then again.
    public func readLocal(
        handle: UInt64, offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(PosixError) -> Int? {
        guard let file = files[handle] else { throw .badHandle }
        if case .item(let item, _) = file.source {
            return try read(item, of: file, at: offset, into: buffer)
        }
        guard let range = file.clamp(offset, buffer.count) else { return 0 }
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<range.count])
        if case .bytes(let bytes) = file.source {
            target.copyBytes(from: bytes[Int(range.lowerBound)..<Int(range.upperBound)])
            return target.count
        }
        do {
            let map = try file.map()
            guard case .exact(let blocks) = try map.locate(range),
                try map.feed.read(
                    blocks: blocks, at: map.position(of: range.lowerBound), into: target)
            else { return nil }
        } catch is MissingBlocks {
            return nil
        } catch {
            throw PosixError(error)
        }
        noteRead(file, range)
        return target.count
    }

    private func read(
        _ item: Item, of file: OpenFile, at offset: UInt64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(PosixError) -> Int? {
        let count: Int?
        do {
            count = try item.read(at: offset, into: buffer)
        } catch is MissingBlocks {
            return nil
        } catch {
            throw PosixError(error)
        }
        return count
    }

    func noteRead(_ file: OpenFile, _ range: Range<UInt64>) {
        guard configuration.readAheadBytesMax > 0 else { return }
        file.readAhead(after: range)
        if range.lowerBound == 0 { readOn(after: file) }
    }

    /// Runs on into the files behind, when files are read in a row.
    private func readOn(after file: OpenFile) {
        guard case .blocks(let stat, let volume, nil) = file.source,
            let feed = volume.knownContent
        else { return }
        let step = volume.run.note(
            file: stat.contentBlocks, size: stat.size,
            bytesMax: UInt64(configuration.readAheadBytesMax), length: feed.length)
        withdraw(step.dropped, of: feed)
        guard let wanted = step.wanted, let first = feed.firstMissing(in: wanted) else { return }
        let demand = Demand(
            .blocks(first..<wanted.upperBound), priority: .readAhead,
            timeout: configuration.timeout)
        if let id = feed.fetch(demand, completion: { _ in }) { volume.run.hold(id) }
    }

    /// Waits until a range is here, then replies; the caller reads again.
    @discardableResult
    public func prepareRead(
        handle: UInt64, offset: UInt64, count: Int, reply: @escaping Reply<Void>
    ) -> Pending? {
        guard let file = files[handle] else {
            reply(.failure(.badHandle))
            return nil
        }
        guard let (range, volume) = fetchable(file, offset, count) else {
            reply(.success(()))
            return nil
        }
        let pending = Pending { reply(.failure($0)) }
        guard let wait = waits.add(pending, on: volume, for: file.inode) else { return nil }
        let waits = waits
        let fetch = ContentFetch(
            file: file, range: range, volume: volume, timeout: configuration.timeout,
            pending: pending, reply: reply
        ) { [weak self] in
            waits.remove(wait)
            self?.noteFetched(file.inode)
        }
        fetch.begin()
        noteRead(file, range)
        return pending
    }

    /// The part of a read that is made of blocks; nil = nothing of it.
    private func fetchable(
        _ file: OpenFile, _ offset: UInt64, _ count: Int
    ) -> (range: Range<UInt64>, volume: Volume)? {
        guard let range = file.clamp(offset, count) else { return nil }
        switch file.source {
        case .bytes: return nil
        case .blocks(_, let volume, _): return (range, volume)
        case .item(let item, let volume):
            // What was written since the last commit is here; what is below it may not be.
            let committed = item.committedStat().stat.size
            guard range.lowerBound < committed else { return nil }
            return (range.lowerBound..<min(range.upperBound, committed), volume)
        }
    }

    /// Blocks came: the kernel's count of local blocks is out of date.
    private func noteFetched(_ inode: Inode) {
        let isTold = inode.state.withLock { state in
            defer { state.partialTold = false }
            return state.partialTold
        }
        if isTold { invalidate([.attributes(inode.id)]) }
    }

    /// SEEK_DATA and SEEK_HOLE: a file is data from end to end, whether its blocks are here or
    /// not. A hole would make `cp` write zeros.
    @discardableResult
    public func seek(
        handle: UInt64, offset: UInt64, whence: Int32, reply: @escaping Reply<UInt64>
    ) -> Pending? {
        guard let file = files[handle] else {
            reply(.failure(.badHandle))
            return nil
        }
        switch whence {
        case _ where offset >= file.size:
            reply(.failure(PosixError(ENXIO, "beyond the end of the file")))
        case Seek.data: reply(.success(offset))
        case Seek.hole: reply(.success(file.size))
        default: reply(.failure(PosixError(EINVAL, "not SEEK_DATA nor SEEK_HOLE")))
        }
        return nil
    }
}
