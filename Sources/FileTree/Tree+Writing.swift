import Glibc
import Hypercore
import Hyperdrive

/// Writing bytes, and making them last.
extension Tree {
    /// Writes; the count. Everyone who has the file open sees the bytes at once.
    public func write(
        handle: UInt64, offset: UInt64, _ bytes: UnsafeRawBufferPointer
    ) throws(PosixError) -> Int {
        let (file, item, writer) = try written(handle)
        guard !bytes.isEmpty else { return 0 }
        let (end, overflow) = offset.addingReportingOverflow(UInt64(bytes.count))
        guard !overflow, end <= Limits.fileBytes else {
            throw PosixError(EFBIG, "writing up to byte \(end)")
        }
        // A gap before it is zeros, which take place in the drive.
        let size = item.stat.size
        let gap = offset > size ? (offset - size) / 2 : 0
        try writer.area.reserve(UInt64(bytes.count) + gap)
        try change(item, of: file.inode, writer) { stage throws(PosixError) in
            try stage.write(bytes, at: offset)
        }
        spreadBytes(file.inode, min(offset, size)..<end)
        return bytes.count
    }

    /// Allocates (mode 0 and KEEP_SIZE) or makes zero (PUNCH_HOLE and ZERO_RANGE); EOPNOTSUPP for
    /// every other mode.
    public func allocate(
        handle: UInt64, mode: Int32, offset: UInt64, length: UInt64
    ) throws(PosixError) {
        let (file, item, writer) = try written(handle)
        let (end, overflow) = offset.addingReportingOverflow(length)
        guard !overflow, end <= Limits.fileBytes else {
            throw PosixError(EFBIG, "allocating up to byte \(end)")
        }
        let isClearing = mode & (Allocation.punchHole | Allocation.zeroRange) != 0
        let keepsSize = mode & Allocation.keepSize != 0
        let known = Allocation.keepSize | Allocation.punchHole | Allocation.zeroRange
        guard mode & ~known == 0, mode & Allocation.punchHole == 0 || keepsSize,
            mode & known != known
        else { throw PosixError(EOPNOTSUPP, "fallocate mode \(mode)") }
        let size = item.stat.size
        if !keepsSize, end > size { try writer.area.reserve((end - size) / 2) }
        // Nothing is set aside for later: whether there is space is told when it is written.
        guard isClearing || (!keepsSize && end > size) else { return }
        try change(item, of: file.inode, writer) { stage throws(PosixError) in
            if !keepsSize, end > stage.size { stage.resize(to: end) }
            if isClearing { try stage.clear(offset..<end) }
        }
        spreadBytes(file.inode, min(offset, size)..<end)
    }

    /// Makes a whole file a copy of another in the same drive, without moving a byte. EOPNOTSUPP
    /// for everything else: the kernel copies then.
    public func copy(
        from source: UInt64, at offset: UInt64, to target: UInt64, at position: UInt64,
        count: UInt64
    ) throws(PosixError) -> UInt64 {
        let (file, item, writer) = try written(target)
        guard let sourceFile = files[source], case .item(let origin, let volume) = sourceFile.source
        else { throw PosixError(EOPNOTSUPP, "not a file of this drive") }
        let size = origin.stat.size
        guard offset == 0, position == 0, size > 0, count >= size, origin !== item,
            volume.writer === writer
        else { throw PosixError(EOPNOTSUPP, "not a whole file") }
        do {
            let isCloned = try gate.changing { () -> Bool in
                guard try item.clone(origin) else { return false }
                register(item, of: file.inode)
                spread(file.inode, bytes: 0..<size)
                return true
            }
            guard isCloned else { throw PosixError(EOPNOTSUPP, "not all of it is committed") }
        } catch {
            throw PosixError(error)
        }
        writer.soon()
        return size
    }

    /// A handle is closed by one of those who have it: what was written goes into the drive soon.
    /// Throws what the last commit failed with.
    public func flush(handle: UInt64) throws(PosixError) {
        guard let file = files[handle], file.isWriter,
            case .item(let item, let volume) = file.source
        else { return }
        let isStaged = item.facts.withLock { facts in
            if facts.isStaged { facts.want = max(facts.want, .closed) }
            return facts.isStaged
        }
        guard isStaged, let writer = volume.writer else { return }
        writer.soon()
        if let failure = writer.failure { throw failure }
    }

    /// Replies once everything up to now is durable: of this file what was written, of all others
    /// what was closed, and every change of names.
    public func sync(handle: UInt64, reply: @escaping Reply<Void>) {
        guard let file = files[handle] else { return reply(.failure(.badHandle)) }
        guard case .item(let item, let volume) = file.source, let writer = volume.writer else {
            return reply(.success(()))
        }
        item.facts.withLock { facts in
            // What is written afterwards waits for another sync.
            if facts.isStaged || facts.isNew { facts.want = .synced }
        }
        writer.sync(reply)
    }

    /// Replies once every change of names is durable, and what was closed.
    public func syncFolder(handle: UInt64, reply: @escaping Reply<Void>) {
        guard let folder = directories[handle] else { return reply(.failure(.badHandle)) }
        guard let writer = folder.inode.home?.volume.writer else { return reply(.success(())) }
        writer.sync(reply)
    }

    /// A handle is gone.
    func endWriting(_ file: OpenFile) {
        guard file.isWriter, case .item(let item, let volume) = file.source else { return }
        let isDue = item.facts.withLock { facts in
            facts.writers -= 1
            return facts.writers == 0 && (facts.isStaged || facts.isNew)
        }
        if isDue { volume.writer?.soon() }
    }

    private func written(
        _ handle: UInt64
    ) throws(PosixError) -> (file: OpenFile, item: Item, writer: Writer) {
        guard let file = files[handle], file.isWriter,
            case .item(let item, let volume) = file.source, let writer = volume.writer
        else { throw .badHandle }
        try writer.checkAlone()
        return (file, item, writer)
    }

    /// Changes bytes of a file. The first change since a commit enters it into the overlay; later
    /// ones touch nothing but the file.
    private func change(
        _ item: Item, of node: Inode, _ writer: Writer,
        _ body: (inout Stage) throws(PosixError) -> Void
    ) throws(PosixError) {
        while try !item.change(body) {
            let result = gate.reading { () -> Result<Void, PosixError> in
                do throws(PosixError) {
                    try item.openStage(in: writer.area)
                } catch {
                    return .failure(error)
                }
                register(item, of: node)
                return .success(())
            }
            try result.get()
        }
    }
}

/// Linux's modes of fallocate, which Glibc's module leaves out.
enum Allocation {
    static let keepSize: Int32 = 1
    static let punchHole: Int32 = 2
    static let zeroRange: Int32 = 0x10
}
