import HyperCrypto
import Synchronization
import TestSupport
import Testing

@testable import Hypercore

/// Many threads on one feed.
@Suite(.timeLimit(.minutes(1)))
struct FeedThreadTests {
    final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    static func content(_ block: UInt64) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: block), count: 2000 + Int(block))
    }

    @Test func readersFetchersAndAnEvictorNeverSeeAWrongByte() async throws {
        let folder = try TemporaryFolder()
        let source = try Feed(storage: MemoryStorage())
        let length: UInt64 = 40
        try source.append((0..<length).map(Self.content))
        let feed = try Feed(storage: FolderStorage(folder: folder("f")), key: source.key)
        try FeedFaultTests.fetch(length - 1, from: source, into: feed)
        let reads = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker: UInt64 in 0..<2 {
                group.addTask {
                    for round: UInt64 in 0..<150 {
                        let block = (round * 7 + worker * 11) % length
                        try FeedFaultTests.fetch(block, from: source, into: feed)
                        if round % 50 == 0 { try feed.flush() }
                    }
                }
            }
            group.addTask {
                for round: UInt64 in 0..<60 {
                    let first = round * 5 % length
                    try feed.clear(first..<min(first + 3, length))
                }
            }
            group.addTask {
                for round: UInt64 in 0..<600 {
                    let block = round * 13 % length
                    if let found = try feed.block(block) {
                        #expect(found == Self.content(block))
                        reads.add()
                    }
                    guard let offset = try feed.byteOffset(of: block) else { continue }
                    var buffer = [UInt8](repeating: 0, count: 100)
                    let isThere = try buffer.withUnsafeMutableBytes {
                        try feed.read(blocks: block..<block + 1, at: offset + 50, into: $0)
                    }
                    let expected = [UInt8](repeating: UInt8(block), count: 100)
                    #expect(!isThere || buffer == expected)
                }
            }
            try await group.waitForAll()
        }
        #expect(reads.value > 0)
        #expect(try feed.verifyStored(0..<length) == [])
        try feed.close()
        let again = try Feed(storage: FolderStorage(folder: folder("f")), createIfMissing: false)
        #expect(try again.verifyStored(0..<length) == [])
    }

    @Test func writersTakeTurns() async throws {
        let feed = try Feed(storage: MemoryStorage())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker: UInt8 in 0..<3 {
                group.addTask {
                    for round: UInt8 in 0..<20 {
                        let first = try feed.append([[worker, round], [worker, round, 1]])
                        #expect(try feed.block(first) == [worker, round])
                        #expect(try feed.block(first + 1) == [worker, round, 1])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(feed.length == 120)
    }

    @Test func anObserverMayWriteToTheFeedItself() throws {
        let feed = try Feed(storage: MemoryStorage())
        let observation = feed.observe { event in
            if event == .grew(length: 1) {
                #expect(throws: Never.self) { try feed.append([[2]]) }
            }
        }
        try feed.append([[1]])
        feed.stopObserving(observation)
        #expect(feed.length == 2)
    }

    @Test func aBatchThatIsLetGoLeavesTheGateOpen() throws {
        let feed = try Feed(storage: MemoryStorage())
        do {
            let batch = try feed.beginBatch()
            try batch.append([1])
        }
        #expect(feed.length == 0)
        #expect(try feed.append([[2]]) == 0)
        #expect(try feed.block(0) == [2])
    }
}
