import Glibc

/// Files: handed to the readers, taken back in order, appended.
extension ImportPass {
    /// A regular file. Unchanged ones cost nothing but this comparison.
    func visitFile(
        _ name: String, in folder: LocalFolder, key: String, old: Entry?, _ info: LocalFolder.Info
    ) throws {
        let wasFile = old.map { $0.stat.kind == .file && $0.stat.mount == nil } ?? false
        if let old, wasFile, old.stat.size == info.size, old.stat.mtime == info.mtime,
            old.stat.mode & 0o7777 == info.permissions,
            inPlace?.needs(old.stat, key) != true, try !hasLost(old)
        {
            meter.add(files: 1, bytes: info.size)
            return
        }
        if let old, old.stat.kind == .directory { try remove(old) }
        let old = wasFile ? old : findMoved(name, info)
        let previous = old.flatMap { try? drive.content(of: $0.stat) }
        guard info.size > UInt64(OwnLimits.readBytes) else {
            let job = ReadJob(
                .whole(folder, name: name), capacity: Int(info.size), previous: previous)
            return try enqueue(ImportFile(key: key, name: name, old: old, info: info, job: job))
        }
        do {
            let file = try folder.file(name)
            let now = try file.info()
            guard now.kind == .file, now.inode == info.inode else { return unsettled.append(key) }
            if let previous, let old, isAtHand(previous, of: old, for: key),
                try isSame(file, now, previous)
            {
                let stat = Stat.file(mode: now.permissions, mtime: now.mtime)
                return try putSame(key, old, stat)
            }
            try enqueueParts(of: file, name: name, key: key, old: old, now)
        } catch let fault as LocalFault {
            try lost(key, fault, old)
        }
    }

    private func enqueueParts(
        of file: LocalFile, name: String, key: String, old: Entry?, _ info: LocalFolder.Info
    ) throws {
        let large = LargeFile(file)
        var offset: UInt64 = 0
        while offset < info.size, !large.isCut {
            try checkCancelled()
            let count = min(UInt64(OwnLimits.readBytes), info.size - offset)
            let job = ReadJob(.part(file, offset: offset), capacity: Int(count))
            offset += count
            try enqueue(
                ImportFile(
                    key: key, name: name, old: old, info: info, job: job, large: large,
                    isLast: offset == info.size))
        }
        // The last piece carries the entry; when the file was cut there is no need for the rest.
        if large.isCut, offset < info.size {
            while pendingStart < pending.count { try takeOne() }
            try close(large, key: key, old: old, info)
        }
    }

    private func enqueue(_ file: ImportFile) throws {
        while pendingStart < pending.count,
            pendingBytes + file.job.capacity > OwnLimits.inFlightBytes
                || pending.count - pendingStart >= OwnLimits.inFlightJobsMax
        {
            try takeOne()
        }
        pool.submit(file.job)
        pendingBytes += file.job.capacity
        pending.append(file)
    }

    /// The oldest piece, as soon as it is read.
    func takeOne() throws {
        try checkCancelled()
        guard let file = pending[pendingStart].take() else { return }
        pendingStart += 1
        pendingBytes -= file.job.capacity
        if pendingStart == OwnLimits.inFlightJobsMax {
            pending.removeFirst(pendingStart)
            pendingStart = 0
        }
        let outcome = pool.wait(for: file.job)
        if let large = file.large {
            try take(outcome, of: file, large)
        } else {
            try takeWhole(outcome, of: file)
        }
    }

    private func takeWhole(_ outcome: Result<ReadJob.Outcome, any Error>, of file: ImportFile)
        throws
    {
        let piece: ReadJob.Outcome
        do {
            piece = try outcome.get()
        } catch {
            return try lost(file.key, error as? LocalFault ?? LocalFault(EIO), file.old)
        }
        let info = piece.info ?? file.info
        let stat = Stat.file(mode: info.permissions, mtime: info.mtime)
        if piece.isUnsettled { settleLater(file.key) }
        if piece.isSame, let old = file.old, let previous = file.job.previous,
            isAtHand(previous, of: old, for: file.key)
        {
            return try putSame(file.key, old, stat)
        }
        let start =
            piece.count > 0
            ? try writer.append(piece, lender: lender(file)) : (block: 0, byte: 0)
        try put(
            file.key, file.old, stat,
            ContentRange(
                blocks: start.block..<start.block + UInt64(piece.leaves.count),
                byteOffset: start.byte, size: UInt64(piece.count)))
        meter.add(files: 1, bytes: UInt64(piece.count))
    }

    private func take(
        _ outcome: Result<ReadJob.Outcome, any Error>, of file: ImportFile, _ large: LargeFile
    ) throws {
        // What comes behind a piece that was cut is not used.
        if !large.isCut { try append(outcome, of: file, large) }
        if file.isLast { try close(large, key: file.key, old: file.old, file.info) }
    }

    private func append(
        _ outcome: Result<ReadJob.Outcome, any Error>, of file: ImportFile, _ large: LargeFile
    ) throws {
        switch outcome {
        case .success(let piece):
            if piece.count > 0 {
                let start = try writer.append(piece, lender: lender(file))
                if large.start == nil { large.start = start }
                isInsideFile = true
            }
            large.isCut = piece.count < file.job.capacity
            meter.add(bytes: UInt64(piece.count))
        case .failure(let error):
            large.isCut = true
            large.fault = error as? LocalFault ?? LocalFault(EIO)
        }
    }

    /// The entry of a large file whose pieces are appended, as many as there were.
    private func close(
        _ large: LargeFile, key: String, old: Entry?, _ info: LocalFolder.Info
    ) throws {
        isInsideFile = false
        if let fault = large.fault { return try lost(key, fault, old) }
        let isSettled = (try? large.file.info().isUnchanged(from: info)) ?? false
        if large.isCut || !isSettled { settleLater(key) }
        let end = writer.position
        let start = large.start ?? end
        try put(
            key, old, .file(mode: info.permissions, mtime: info.mtime),
            ContentRange(
                blocks: start.block..<end.block, byteOffset: start.byte, size: end.byte - start.byte
            ))
        meter.add(files: 1)
    }

    private func put(_ key: String, _ old: Entry?, _ stat: Stat, _ range: ContentRange) throws {
        if let old { inPlace?.release(old) }
        writer.add(.put(path: DrivePath.path(key), stat: Self.keeping(old, stat.with(range))))
        try commitIfDue()
    }

    /// The bytes are those of before: nothing but the description changes.
    private func putSame(_ key: String, _ old: Entry, _ stat: Stat) throws {
        let range = ContentRange(
            blocks: old.stat.offset..<old.stat.offset + old.stat.blocks,
            byteOffset: old.stat.byteOffset, size: old.stat.size)
        meter.add(files: 1, bytes: old.stat.size)
        inPlace?.lend(old.stat, key)
        // Where its bytes are was all that had to be told.
        let new = Self.keeping(old, stat.with(range))
        if inPlace != nil, old.path == DrivePath.path(key), new == old.stat { return }
        try put(key, old, stat, range)
    }

    /// Whether bytes of an unchanged file went when the store took them back.
    private func hasLost(_ old: Entry) throws -> Bool {
        guard hasTakenBack else { return false }
        let content = try drive.content(of: old.stat)
        return !content.feed.hasAll(content.blocks)
    }

    /// Who holds the bytes of a piece from now on; nil = the store.
    private func lender(_ file: ImportFile) -> ImportWriter.Lender? {
        guard inPlace != nil else { return nil }
        if case .part(_, let offset) = file.job.source {
            return ImportWriter.Lender(path: file.key, offset: offset)
        }
        return ImportWriter.Lender(path: file.key, offset: 0)
    }

    /// Whether content can be used again: the store has it, or the file that is looked at does.
    private func isAtHand(_ content: FileContent, of old: Entry, for key: String) -> Bool {
        inPlace?.mayLend(old.stat, key, isGone: isGone) ?? content.feed.hasAll(content.blocks)
    }

    private func settleLater(_ key: String) {
        note("\(localPath(key)): changed while it was read; it is read again")
        unsettled.append(key)
    }

    /// Whether a large file has the bytes that the drive has.
    private func isSame(
        _ file: LocalFile, _ info: LocalFolder.Info, _ previous: FileContent
    ) throws(LocalFault) -> Bool {
        guard previous.size == info.size else { return false }
        guard try previous.matches(file) else { return false }
        return try file.info().isUnchanged(from: info)
    }
}
