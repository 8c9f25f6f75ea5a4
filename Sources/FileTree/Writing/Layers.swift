import Glibc
import Hypercore
import Hyperdrive

/// The bytes of a file: what was committed last, and the stages above it, oldest first.
///
/// A value: a reader or a commit works on a copy, and sees what there was when it took it.
struct Layers: Sendable {
    /// What the drive has, at the bottom.
    struct Base: Sendable {
        let drive: Drive
        let stat: Stat
        let map: ContentMap?

        /// `stat`: as it is in the drive.
        init(_ stat: Stat, of drive: Drive, map: ContentMap? = nil) {
            self.drive = drive
            self.stat = stat
            self.map = map
        }
    }

    private(set) var base: Base
    private(set) var stages: [Stage] = []
    /// The first so many are not changed any more: a commit has them.
    private(set) var frozenCount = 0
    /// Of what a commit takes: the newest stage was left for the next commit.
    private(set) var isPart = false

    init(_ base: Base) { self.base = base }

    /// Bytes of the file.
    var size: UInt64 { stages.last?.size ?? base.stat.size }

    /// Bytes of the file that nobody has written since the last commit.
    var untouchedBytes: UInt64 {
        let written = stages.reduce(0) { $0 + $1.extents.byteCount }
        return size - min(size, written)
    }

    /// Whether there is a stage that may be changed.
    var isOpen: Bool { stages.count > frozenCount }

    /// A stage for what is written next.
    mutating func open(in area: StagingArea) throws(PosixError) {
        guard !isOpen else { return }
        // Each commit that failed has left one.
        guard stages.count < Limits.stagesMax else {
            throw PosixError(EIO, "what was written before could not be committed yet")
        }
        stages.append(Stage(over: size, in: area))
    }

    /// Changes the newest stage; only while `isOpen`.
    mutating func change<T>(_ body: (inout Stage) throws(PosixError) -> T) throws(PosixError) -> T {
        try body(&stages[stages.count - 1])
    }

    /// Copies everything into the newest stage, when it is in too many pieces.
    mutating func consolidateIfScattered() throws {
        guard isOpen, let stage = stages.last, stage.extents.ranges.count > Limits.stagedRanges
        else { return }
        if base.stat.blocks > 0 { _ = try map() }
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Limits.copiedBytes, alignment: 16)
        defer { buffer.deallocate() }
        var offset: UInt64 = 0
        while offset < size {
            let end = min(size, offset + UInt64(buffer.count))
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(end - offset)])
            guard try read(offset..<end, into: piece) else { return }
            try stages[stages.count - 1].write(UnsafeRawBufferPointer(piece), at: offset)
            offset = end
        }
    }

    /// What a commit takes: everything up to now. With too many stages the newest stays open, or
    /// nobody could write while commits fail; the result `isPart` then.
    mutating func freeze() -> Layers {
        if stages.count < Limits.stagesMax { frozenCount = stages.count }
        var taken = frozen
        taken.isPart = isOpen
        return taken
    }

    /// Everything up to the last freeze.
    var frozen: Layers {
        var copy = self
        copy.stages.removeSubrange(frozenCount...)
        return copy
    }

    /// The oldest `count` stages, which were frozen, are in the drive now.
    mutating func settle(_ base: Base, count: Int) {
        self.base = base
        stages.removeFirst(count)
        frozenCount -= count
    }

    /// The map of the committed bytes; throws `MissingBlocks` until the drive's header is here.
    mutating func map() throws -> ContentMap {
        if let map = base.map { return map }
        let map = try ContentMap(feed: base.drive.content(), stat: base.stat)
        base = Base(base.stat, of: base.drive, map: map)
        return map
    }

    /// Reads a range within the size. False: committed blocks of it are not here.
    func read(_ range: Range<UInt64>, into buffer: UnsafeMutableRawBufferPointer) throws -> Bool {
        try read(range, into: buffer, below: stages.count)
    }

    private func read(
        _ range: Range<UInt64>, into buffer: UnsafeMutableRawBufferPointer, below depth: Int
    ) throws -> Bool {
        guard depth > 0 else { return try readBase(range, into: buffer) }
        let stage = stages[depth - 1]
        for piece in stage.pieces(of: range) {
            func target(_ piece: Range<UInt64>) -> UnsafeMutableRawBufferPointer {
                let from = Int(piece.lowerBound - range.lowerBound)
                return UnsafeMutableRawBufferPointer(rebasing: buffer[from..<from + piece.count])
            }
            switch piece {
            case .staged(let piece): try stage.read(at: piece.lowerBound, into: target(piece))
            case .below(let piece):
                guard try read(piece, into: target(piece), below: depth - 1) else { return false }
            case .zeros(let piece):
                target(piece).initializeMemory(as: UInt8.self, repeating: 0)
            }
        }
        return true
    }

    /// Whether all that a commit reads is here.
    func isWhole() throws -> Bool { try isHere(0..<size, below: stages.count) }

    private func isHere(_ range: Range<UInt64>, below depth: Int) throws -> Bool {
        guard depth > 0 else {
            guard let map = base.map, case .exact(let blocks) = try map.locate(range) else {
                return false
            }
            return map.feed.hasAll(blocks)
        }
        for case .below(let piece) in stages[depth - 1].pieces(of: range) {
            guard try isHere(piece, below: depth - 1) else { return false }
        }
        return true
    }

    private func readBase(
        _ range: Range<UInt64>, into buffer: UnsafeMutableRawBufferPointer
    ) throws -> Bool {
        guard let map = base.map else { throw PosixError(EIO, "the file has no map") }
        guard case .exact(let blocks) = try map.locate(range) else { return false }
        return try map.feed.read(
            blocks: blocks, at: map.position(of: range.lowerBound), into: buffer)
    }
}
