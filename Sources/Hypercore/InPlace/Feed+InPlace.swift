import HyperCrypto

/// Reading blocks whose bytes are lent: hashed anew each time, since whoever lends them may have
/// changed them (docs/in-place.md).
extension Feed {
    /// A block of which bytes are lent; nil = they are not what they were, and nobody has them
    /// here any more: it is forgotten, and can be fetched.
    func lentBlock(_ index: UInt64) throws -> [UInt8]? {
        let found = try core.withLock { core in
            try core.checkOpen()
            return try core.place(of: index).map { ($0, try core.existingData()) }
        }
        guard let (place, file) = found,
            let count = Int(exactly: place.upperBound - place.lowerBound)
        else { return nil }
        var isGood = false
        let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let buffer = UnsafeMutableRawBufferPointer(buffer)
            isGood = try fill(buffer, with: index, at: place.lowerBound, file)
            initialized = count
        }
        return isGood ? bytes : nil
    }

    /// Reads bytes that lie in `blocks`, of which some are lent. False: not all of them are here.
    func readLent(
        blocks: Range<UInt64>, at byteOffset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws -> Bool {
        let wanted = byteOffset..<byteOffset + UInt64(buffer.count)
        for index in blocks {
            let found = try core.withLock { core in
                try core.checkOpen()
                return try core.place(of: index).map { ($0, try core.existingData()) }
            }
            guard let (place, file) = found else { return false }
            let part = place.clamped(to: wanted)
            if part.isEmpty { continue }
            let target = UnsafeMutableRawBufferPointer(
                rebasing: buffer[
                    Int(part.lowerBound - byteOffset)..<Int(part.upperBound - byteOffset)])
            if part == place {
                guard try fill(target, with: index, at: place.lowerBound, file) else {
                    return false
                }
            } else {
                guard let bytes = try block(index) else { return false }
                let start = Int(part.lowerBound - place.lowerBound)
                target.copyBytes(from: bytes[start..<start + target.count])
            }
        }
        return true
    }

    /// Fills a buffer with a whole block, from the file that lends it or, where it was fetched
    /// again, from the data file. What does not hash to its leaf is forgotten.
    private func fill(
        _ buffer: UnsafeMutableRawBufferPointer, with index: UInt64, at place: UInt64,
        _ file: (any RandomAccessFile)?
    ) throws -> Bool {
        while true {
            let (leaf, holes) = try core.withLock { (try $0.stored(2 * index), $0.holes) }
            guard let leaf else { return false }
            if loans?.read(at: place, into: buffer) == true,
                TreeHash.leaf(UnsafeRawBufferPointer(buffer)) == leaf.hash
            {
                return true
            }
            if try file?.read(at: place, into: buffer) == buffer.count,
                TreeHash.leaf(UnsafeRawBufferPointer(buffer)) == leaf.hash
            {
                return true
            }
            let isLost = core.withLock { core in
                // They may have been lent between the two looks.
                guard core.holes == holes else { return false }
                core.bits.setBlock(index, false)
                core.localBytes = nil
                return true
            }
            guard isLost else { continue }
            announce([.cleared(index..<index + 1)])
            return false
        }
    }
}

/// From the data file to a folder, and back.
extension Feed {
    /// The folder that lends bytes of this feed; nil = none does.
    public var lendingFolder: String? { loans?.folder }

    /// Names the folder that may lend bytes from now on. Throws `notWritable`, `io`.
    public func setLendingFolder(_ path: String) throws {
        let loans = try requireLoans()
        loans.setFolder(path)
        try loans.save()
    }

    /// The file, relative to the folder, that lends the whole range of bytes; nil = no single one.
    public func lender(of bytes: Range<UInt64>) -> String? {
        guard let loan = loans?.loan(at: bytes.lowerBound),
            loan.bytes.upperBound >= bytes.upperBound
        else { return nil }
        return loan.path
    }

    /// Blocks of the feed that lie in a file from its first byte on.
    public struct Lending: Sendable {
        /// The blocks.
        public var blocks: Range<UInt64>
        /// The file, relative to the folder.
        public var path: String

        /// Those blocks, in that file.
        public init(blocks: Range<UInt64>, path: String) {
            self.blocks = blocks
            self.path = path
        }
    }

    /// From now on these blocks are read from files of the folder; what the data file has of them
    /// goes back to the disk. The caller has just seen that they are there; blocks that were
    /// forgotten count as here again.
    public func borrow(_ lendings: [Lending]) throws {
        guard !lendings.isEmpty else { return }
        let loans = try requireLoans()
        let places = try core.withLock { core in
            try lendings.map { try core.bytes(of: $0.blocks) }
        }
        let found = zip(lendings, places).filter { !$1.isEmpty }
        loans.add(found.map { Loan(bytes: $1, path: $0.path, offset: 0) })
        try loans.save()
        let restored = try flushing.withLock { _ in
            let restored = try core.withLock { core in
                try found.flatMap { try core.restore($0.0.blocks) }
            }
            try flushFiles()
            try core.withLock { core in
                guard let file = try core.existingData() else { return }
                core.holes += 1
                for (_, place) in found { try file.punchHole(place) }
            }
            return restored
        }
        announce(restored.map { .stored($0) })
    }

    /// Brings everything that is lent into the data file; nothing is lent afterwards. Blocks that
    /// are not what they were are forgotten. `progress` gets the bytes that are done, and returns
    /// false to stop: then the rest stays lent.
    public func takeBack(progress: (UInt64) -> Bool) throws {
        let loans = try requireLoans()
        var done: UInt64 = 0
        for loan in loans.all {
            var rest = loan.bytes
            while !rest.isEmpty {
                let end = try takeBack(rest, of: loans)
                done += end - rest.lowerBound
                rest = end..<max(end, rest.upperBound)
                guard progress(done) else { return }
            }
        }
        try loans.removeAll()
    }

    /// Nothing of these blocks is lent any more, and what was is forgotten.
    public func endLending(_ blocks: [Range<UInt64>]) throws {
        let loans = try requireLoans()
        let places = try core.withLock { core in try blocks.map { try core.bytes(of: $0) } }
        try clear(blocks)
        // Some may have been forgotten before, and a bit without bytes must not come back.
        try flush()
        loans.remove(places.sorted { $0.lowerBound < $1.lowerBound })
        try loans.save()
    }

    /// Copies what is lent of some bytes, at most `Limits.takeBackBytes`; where that ends.
    private func takeBack(_ bytes: Range<UInt64>, of loans: Loans) throws -> UInt64 {
        let start = bytes.lowerBound
        guard case .found(var index, 0) = try seek(byte: start) else { return bytes.upperBound }
        let file = try core.withLock { try $0.openData() }
        var end = start
        var restored: [UInt64] = []
        while end < bytes.upperBound, end - start < Limits.takeBackBytes,
            let leaf = try leaf(of: index)
        {
            if let block = try block(index) {
                try file.write(block, at: end)
            } else if let block = loans.bytes(at: end, count: Int(clamping: leaf.size)),
                TreeHash.leaf(block) == leaf.hash
            {
                // Forgotten while the folder was away.
                try file.write(block, at: end)
                restored.append(index)
            }
            end += leaf.size
            index += 1
        }
        // The bits of what was forgotten go to the disk, too, before nobody knows of the loan.
        core.withLock { core in
            core.unsynced.data = true
            for block in restored { core.bits.setBlock(block, true) }
            if !restored.isEmpty { core.localBytes = nil }
        }
        try flush()
        announce(restored.map { .stored($0..<$0 + 1) })
        loans.remove([start..<end])
        try loans.save()
        // What nobody knows the size of ends it.
        return end > start ? end : bytes.upperBound
    }

    private func requireLoans() throws -> Loans {
        try core.withLock { try $0.checkWritable() }
        guard let loans else {
            throw FeedError(.notWritable, "feed \(key) keeps its bytes itself")
        }
        return loans
    }
}

extension FeedCore {
    /// The bytes that blocks take in the feed; empty = not all are known.
    func bytes(of blocks: Range<UInt64>) throws -> Range<UInt64> {
        guard !blocks.isEmpty, blocks.upperBound <= length,
            let start = try byteOffset(of: blocks.lowerBound),
            let end = try byteOffset(of: blocks.upperBound), start < end
        else { return 0..<0 }
        return start..<end
    }

    /// Sets the bits of blocks that are here again; returns the runs that were missing.
    func restore(_ blocks: Range<UInt64>) throws -> [Range<UInt64>] {
        var runs: [Range<UInt64>] = []
        var rest = blocks
        while let first = firstMissing(in: rest) {
            let end = bits.firstStored(in: first..<rest.upperBound) ?? rest.upperBound
            for block in first..<end where hasNode(2 * block) { bits.setBlock(block, true) }
            runs.append(first..<end)
            rest = end..<rest.upperBound
        }
        if !runs.isEmpty { localBytes = nil }
        // A clear may have cut the file, and one that is too short has lost blocks.
        let file = try openData()
        if try file.size() < byteLength {
            try file.truncate(to: byteLength)
            unsynced.data = true
        }
        return runs
    }
}

extension Limits {
    /// Bytes that are taken back between two syncs.
    static let takeBackBytes: UInt64 = 64 << 20
}
