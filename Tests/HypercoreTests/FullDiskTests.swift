import Synchronization
import TestSupport
import Testing

@testable import Hypercore

/// A reader whose disk is full: what peers send is read all the same, and nothing is damaged.
@Suite(.timeLimit(.minutes(1)))
struct FullDiskTests {
    typealias Faults = FeedFaultTests

    /// Has no room for anything new while it is full.
    private final class FullStorage: FeedStorage {
        let base = MemoryStorage()
        private let full = Atomic(false)

        var isFull: Bool {
            get { full.load(ordering: .relaxed) }
            set { full.store(newValue, ordering: .relaxed) }
        }

        func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)? {
            if isFull, create, try base.open(file, create: false) == nil { throw Self.noSpace }
            return try base.open(file, create: create).map { File(base: $0, storage: self) }
        }

        static let noSpace = FeedError(.io, "no space", errno: 28)

        struct File: RandomAccessFile {
            let base: any RandomAccessFile
            let storage: FullStorage

            func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
                try base.read(at: offset, into: buffer)
            }
            func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws {
                if storage.isFull { throw FullStorage.noSpace }
                try base.write(bytes, at: offset)
            }
            func size() throws -> UInt64 { try base.size() }
            func truncate(to size: UInt64) throws { try base.truncate(to: size) }
            func punchHole(_ range: Range<UInt64>) throws { try base.punchHole(range) }
            func sync() throws { try base.sync() }
            func close() throws { try base.close() }
        }
    }

    private static func content(_ block: UInt64) -> [UInt8] {
        (0..<Int(block % 7) * 900 + 1).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ Int(block)) }
    }

    private func source(_ count: UInt64) throws -> Feed {
        let source = try Feed(storage: MemoryStorage(), keyPair: Faults.pair)
        try source.append((0..<count).map(Self.content))
        return source
    }

    /// True: there was no room for it.
    private func fetch(_ block: UInt64, from source: Feed, into feed: Feed) throws -> Bool {
        let proof = try #require(
            try source.proof(
                for: block, digest: feed.digest(for: block), includeLeaf: false,
                remote: RemoteNodes()))
        try feed.put(block, value: try source.block(block), proof: proof, passes: true)
        return feed.localBlocks(in: block..<block + 1) == 0
    }

    @Test func whatThereIsNoRoomForIsReadFromMemory() throws {
        let source = try source(60)
        let storage = FullStorage()
        let feed = try Feed(storage: storage, key: source.key)
        for block: UInt64 in 0..<10 { #expect(try !fetch(block, from: source, into: feed)) }
        try feed.flush()
        storage.isFull = true
        for block: UInt64 in 10..<30 { #expect(try fetch(block, from: source, into: feed)) }
        // Also of a longer feed, whose signature finds no room either.
        try source.append((60..<70).map(Self.content))
        for block: UInt64 in 60..<70 { #expect(try fetch(block, from: source, into: feed)) }
        #expect(feed.length == 70)
        for block: UInt64 in 0..<70 {
            let isHere = block < 30 || block >= 60
            #expect(feed.has(block) == isHere)
            #expect(try feed.block(block) == (isHere ? Self.content(block) : nil))
        }
        #expect(feed.hasAll(0..<30) && feed.firstMissing(in: 5..<70) == 30)
        // Over the border between the file and the memory.
        let wanted = (8..<13).flatMap { Self.content($0) }
        let start = try #require(try feed.byteOffset(of: 8))
        var buffer = [UInt8](repeating: 0, count: wanted.count - 2)
        let isRead = try buffer.withUnsafeMutableBytes {
            try feed.read(blocks: 8..<13, at: start + 1, into: $0)
        }
        #expect(isRead && buffer == Array(wanted[1..<wanted.count - 1]))
        #expect(throws: FeedError.self) { try feed.flush() }
        // A crash now finds what was there before.
        let crashed = try Feed(storage: storage.base, key: source.key)
        for block: UInt64 in 0..<10 { #expect(try crashed.block(block) == Self.content(block)) }
        #expect(!crashed.has(10))
    }

    @Test func withRoomAgainItIsKept() throws {
        let source = try source(40)
        let storage = FullStorage()
        let feed = try Feed(storage: storage, key: source.key)
        storage.isFull = true
        for block: UInt64 in 0..<20 { #expect(try fetch(block, from: source, into: feed)) }
        #expect(feed.localBlocks(in: 0..<40) == 0)
        storage.isFull = false
        for block: UInt64 in 0..<40 { #expect(try !fetch(block, from: source, into: feed)) }
        try feed.flush()
        try feed.core.withLock { try $0.checkInvariants() }
        let again = try Feed(storage: storage.base, key: source.key)
        for block: UInt64 in 0..<40 { #expect(try again.block(block) == Self.content(block)) }
        #expect(try again.verifyStored(0..<40) == [])
    }

    @Test func theMemoryIsBoundedAndTheOldestGoesFirst() {
        var passing = PassingBlocks()
        let value = [UInt8](repeating: 1, count: Limits.passingBytes / 4)
        for block: UInt64 in 0..<6 { passing.keep(block, value) }
        #expect((0..<6).map { passing[$0] != nil } == [false, false, true, true, true, true])
        passing.keep(2, [1])
        passing.keep(6, value)
        #expect((2..<7).map { passing[$0] != nil } == [true, false, true, true, true])
        for block: UInt64 in 2..<7 { passing.drop(block) }
        #expect(passing.isEmpty)
    }

    @Test func ownersAreToldAndWhoDoesNotWaitIsToo() throws {
        let source = try source(5)
        let storage = FullStorage()
        let feed = try Feed(storage: storage, key: source.key)
        storage.isFull = true
        let proof = try #require(
            try source.proof(
                for: 0, digest: 0, includeLeaf: false, remote: RemoteNodes()))
        let error = #expect(throws: FeedError.self) {
            try feed.put(0, value: Self.content(0), proof: proof)
        }
        #expect(error?.isDiskFull == true)
        #expect(!feed.has(0))
        let own = FullStorage()
        let writer = try Feed(storage: own, keyPair: Faults.pair)
        own.isFull = true
        #expect(throws: FeedError.self) { try writer.append([[1]]) }
        own.isFull = false
        try writer.append([[1]])
        #expect(try writer.block(0) == [1])
    }
}
