import Hypercore

/// A feed's storage whose calls fail as planned, and whose changes are logged.
public final class FaultyStorage<Base: FeedStorage>: FeedStorage {
    /// Where the bytes really are.
    public let base: Base
    /// Which call fails.
    public let plan: FaultPlan
    /// What was changed.
    public let log: WriteLog
    private let name: String

    /// `name` goes in front of the file names in a log that is shared by several feeds.
    public init(
        _ base: Base, plan: FaultPlan = FaultPlan(), log: WriteLog = WriteLog(), name: String = ""
    ) {
        self.base = base
        self.plan = plan
        self.log = log
        self.name = name
    }

    /// Opens a file of the storage inside; every call on it is counted, and may fail.
    public func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)? {
        try plan.next("open \(file)")
        let isNew = try create && base.open(file, create: false) == nil
        guard let opened = try base.open(file, create: create) else { return nil }
        if isNew { log.add(name + file.rawValue, .create) }
        return FaultyFile(base: opened, plan: plan, log: log, name: name + file.rawValue)
    }

    /// This feed's files as they may be after a crash.
    public func image(
        after count: Int, fate: (Int) -> WriteLog.Fate = { _ in .kept }
    ) -> MemoryStorage {
        let image = MemoryStorage()
        let files = log.files(after: count, fate: fate)
        for file in FeedFile.allCases {
            image.setContents(files[name + file.rawValue], of: file)
        }
        return image
    }
}

/// One file of a `FaultyStorage`.
struct FaultyFile: RandomAccessFile {
    let base: any RandomAccessFile
    let plan: FaultPlan
    let log: WriteLog
    let name: String

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try plan.next("read \(name)")
        return try base.read(at: offset, into: buffer)
    }

    /// A write that fails has written half of it.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws {
        do {
            try plan.next("write \(name)")
        } catch {
            let half = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)])
            log.add(name, .write(offset: offset, bytes: [UInt8](half)))
            try base.write(half, at: offset)
            throw error
        }
        log.add(name, .write(offset: offset, bytes: [UInt8](bytes)))
        try base.write(bytes, at: offset)
    }

    func size() throws -> UInt64 {
        try plan.next("size of \(name)")
        return try base.size()
    }

    func truncate(to size: UInt64) throws {
        try plan.next("truncate \(name)")
        log.add(name, .truncate(size: size))
        try base.truncate(to: size)
    }

    func punchHole(_ range: Range<UInt64>) throws {
        try plan.next("hole in \(name)")
        log.add(name, .hole(range))
        try base.punchHole(range)
    }

    func sync() throws {
        try plan.next("sync \(name)")
        try base.sync()
        log.add(name, .sync)
    }

    func close() throws { try base.close() }
}
