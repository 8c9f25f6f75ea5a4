import HyperCrypto
import TestSupport
import Testing

@testable import Hypercore

/// The bitfield may lack any of the bits of the last flush, in any combination.
@Suite(.timeLimit(.minutes(1)))
struct TornBitfieldTests {
    typealias Faults = FeedFaultTests

    /// Clears random bits of a section.
    private func damage(
        _ storage: MemoryStorage, _ section: Range<Int>, _ random: inout SeededRandom
    ) throws {
        var bits = try #require(storage.contents(of: .bitfield))
        for i in section where i + 32 < bits.count && bits[i + 32] != 0 {
            if Int.random(in: 0..<3, using: &random) == 0 {
                bits[i + 32] &= UInt8.random(in: 0...255, using: &random)
            }
        }
        storage.setContents(bits, of: .bitfield)
    }

    @Test func aReaderFetchesEverythingAgain() throws {
        var random = SeededRandom.announced()
        let source = try Feed(storage: MemoryStorage(), keyPair: Faults.pair)
        try source.append(Faults.contents(0..<60))
        for _ in 0..<25 {
            let storage = MemoryStorage()
            var feed = try Feed(storage: storage, key: source.key)
            for _ in 0..<30 {
                let block = UInt64.random(in: 0..<60, using: &random)
                try Faults.fetch(block, from: source, into: feed)
            }
            try feed.close()
            try damage(storage, BitPage.treeStart..<BitPage.indexStart, &random)
            feed = try Feed(storage: storage, key: source.key)
            for block in (0 as UInt64..<60).shuffled(using: &random)
            where try feed.block(block) == nil {
                try Faults.fetch(block, from: source, into: feed)
                #expect(try feed.block(block) == Faults.content(block))
            }
            try Faults.check(feed, acknowledged: 60)
            try feed.close()
            feed = try Feed(storage: storage, key: source.key)
            #expect(feed.recovery == nil)
            try Faults.check(feed, acknowledged: 60)
        }
    }

    @Test(arguments: [1, 7, 8, 13, 8192] as [UInt64])
    func bitsBeyondTheLengthDoNotHideWhatIsAppended(length: UInt64) throws {
        var random = SeededRandom.announced()
        let storage = MemoryStorage()
        var feed = try Feed(storage: storage, keyPair: Faults.pair)
        try feed.append((0..<length).map { _ in [] })
        try feed.close()
        var bits = try #require(storage.contents(of: .bitfield))
        let pages = (length + 30) / 8192 + 1
        bits += [UInt8](repeating: 0, count: 32 + 3584 * Int(pages) - bits.count)
        for block in length..<length + 20 where Bool.random(using: &random) {
            let page = 32 + 3584 * Int(block / 8192)
            let bit = Int(block % 8192)
            bits[page + bit / 8] |= 0x80 >> UInt8(bit % 8)
            let node = Int(2 * block % 16384) + (Bool.random(using: &random) ? 1 : 0)
            bits[page + 1024 + node / 8] |= 0x80 >> UInt8(node % 8)
        }
        storage.setContents(bits, of: .bitfield)
        feed = try Feed(storage: storage, keyPair: Faults.pair)
        #expect(feed.length == length)
        for _ in 0..<3 { try feed.append([[1], [2], [3]]) }
        try feed.close()
        feed = try Feed(storage: storage, keyPair: Faults.pair)
        #expect(feed.length == length + 9)
        #expect(feed.recovery == nil)
        #expect(feed.hasAll(0..<length + 9))
    }

    @Test func aWriterFindsTheBlocksOfItsLastCommitAgain() throws {
        var random = SeededRandom.announced()
        for _ in 0..<25 {
            let storage = MemoryStorage()
            var feed = try Feed(storage: storage, keyPair: Faults.pair)
            try feed.append(Faults.contents(0..<9))
            let before = try #require(storage.contents(of: .bitfield))
            try feed.append(Faults.contents(9..<40))
            try feed.close()
            // Each bit of the last commit is lost or not; the older ones are durable.
            var bits = try #require(storage.contents(of: .bitfield))
            for i in 32..<bits.count where bits[i] != before[i] {
                bits[i] = before[i] | (bits[i] & UInt8.random(in: 0...255, using: &random))
            }
            storage.setContents(bits, of: .bitfield)
            feed = try Feed(storage: storage, keyPair: Faults.pair)
            #expect(feed.length == 9 || feed.length == 40)
            try Faults.check(feed, acknowledged: feed.length)
            try feed.core.withLock { try $0.checkInvariants() }
        }
    }

    @Test func whatAWriterClearedStaysAway() throws {
        let folder = try TemporaryFolder()
        var feed = try Feed(storage: FolderStorage(folder: folder("f")), keyPair: Faults.pair)
        try feed.append((0..<8).map { [UInt8](repeating: $0 + 1, count: 5000) })
        try feed.clear(2..<5)
        try feed.close()
        feed = try Feed(storage: FolderStorage(folder: folder("f")), createIfMissing: false)
        #expect((0..<8).filter(feed.has) == [0, 1, 5, 6, 7])
        try feed.close()
    }
}
