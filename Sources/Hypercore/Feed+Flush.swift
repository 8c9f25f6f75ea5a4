import Synchronization

/// Durability: data, tree and signatures reach the disk before the bits that vouch for them.
extension Feed {
    /// Makes everything stored so far durable. Throws `io`; after a failed sync nothing can be
    /// stored any more until the feed is opened again, since nobody knows what the disk has.
    public func flush() throws {
        try flushing.withLock { _ in
            try core.withLock { try $0.checkOpen() }
            try flushFiles()
            try core.withLock { try $0.tree.trim() }
        }
    }

    /// Ends the use of the feed, with everything durable. Later calls throw `closed`.
    public func close() throws {
        let isOpen = core.withLock { !$0.isClosed }
        guard isOpen else { return }
        defer {
            core.withLock { core in
                core.isClosed = true
                core.dataFile = nil
            }
            links.withLock { $0 = Links() }
            observers.withLock { $0 = Observers() }
        }
        try flush()
    }

    /// Brings the files up to date. The caller holds `flushing`.
    ///
    /// The bits are copied under the same lock as the list of files to sync is taken: a block that
    /// arrives while we sync must wait for the next flush with its bit.
    func flushFiles() throws {
        let work = try core.withLock { core in
            if let failure = core.syncFailure { throw failure }
            try core.tree.flush()
            try core.writeLateSignature()
            let unsynced = core.unsynced
            core.unsynced = FeedCore.Unsynced()
            return FlushWork(
                unsynced: unsynced,
                files: [
                    unsynced.data ? core.dataFile : nil,
                    unsynced.tree ? core.tree.file : nil,
                    unsynced.signatures ? core.signatureFile : nil,
                ],
                pages: core.bits.takeDirty(), pageBytes: 3072 + core.bits.indexBytesPerPage,
                bitFile: core.bitFile)
        }
        do {
            for case let file? in work.files { try sync(file) }
            guard !work.pages.isEmpty else { return }
            for page in work.pages {
                let offset = SleepHeader.size + page.number * work.pageBytes
                try work.bitFile.write(page.bytes, at: offset)
            }
            try sync(work.bitFile)
        } catch {
            core.withLock { core in
                core.bits.markDirtyAgain(work.pages.map(\.number))
                core.unsynced.formUnion(work.unsynced)
            }
            throw error
        }
    }

    private struct FlushWork {
        let unsynced: FeedCore.Unsynced
        let files: [(any RandomAccessFile)?]
        let pages: [(number: UInt64, bytes: [UInt8])]
        let pageBytes: UInt64
        let bitFile: any RandomAccessFile
    }

    /// After a failed sync the system may have dropped what it could not write, and the next sync
    /// would succeed all the same.
    private func sync(_ file: any RandomAccessFile) throws {
        do {
            try file.sync()
        } catch {
            let failure =
                error as? FeedError ?? FeedError(.io, "a file of feed \(key) cannot be synced")
            core.withLock { $0.syncFailure = failure }
            throw failure
        }
    }
}
