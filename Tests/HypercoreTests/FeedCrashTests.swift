import HyperCrypto
import TestSupport
import Testing

@testable import Hypercore

/// The power fails at any point: what was acknowledged is there, and nothing wrong is served.
@Suite(.timeLimit(.minutes(1)))
struct FeedCrashTests {
    typealias Faults = FeedFaultTests

    /// Ways to lose what was not synced: all kept, all lost, the last write torn, random subsets.
    private func fates(
        _ count: Int, _ random: inout SeededRandom
    ) -> [(Int) -> WriteLog.Fate] {
        var fates: [(Int) -> WriteLog.Fate] = [
            { _ in .kept }, { _ in .lost },
            { $0 == count - 1 ? .torn(9) : .kept }, { $0 == count - 1 ? .torn(33) : .lost },
            // Between the data bits and the tree bits of a page, and among the latter.
            { $0 == count - 1 ? .torn(1024) : .lost }, { $0 == count - 1 ? .torn(1027) : .kept },
        ]
        for _ in 0..<3 {
            let seed = random.next()
            fates.append { entry in
                var dice = SeededRandom(seed: seed &+ UInt64(entry) &* 0x9E37_79B9)
                switch dice.next() % 6 {
                case 0, 1: return .kept
                case 2, 3: return .lost
                case 4: return .sectors(dice.next())
                default: return .torn(Int(dice.next() % 100))
                }
            }
        }
        return fates
    }

    @Test func aWriterMayCrashAnywhere() throws {
        var random = SeededRandom.announced()
        let storage = FaultyStorage(MemoryStorage())
        var acknowledged: [(place: Int, length: UInt64)] = [(0, 0)]
        let feed = try Feed(storage: storage, keyPair: Faults.pair)
        var next: UInt64 = 0
        for size: UInt64 in [1, 2, 1, 5, 3] {
            try feed.append(Faults.contents(next..<next + size))
            next += size
            acknowledged.append((storage.log.count, next))
        }
        let batch = try feed.beginBatch()
        for block in Faults.contents(next..<next + 9) { try batch.append(block) }
        try batch.commit()
        acknowledged.append((storage.log.count, next + 9))
        for count in 0...storage.log.count {
            let least = acknowledged.last { $0.place <= count }?.length ?? 0
            for fate in fates(count, &random) {
                let image = storage.image(after: count, fate: fate)
                let again = try Feed(storage: image, keyPair: Faults.pair)
                try Faults.check(again, acknowledged: least)
                #expect(try again.verifyStored(0..<again.length) == [])
                try again.core.withLock { try $0.checkInvariants() }
                let length = again.length
                try again.append(Faults.contents(length..<length + 2))
                try again.close()
                let third = try Feed(storage: image, keyPair: Faults.pair)
                #expect(third.recovery == nil)
                try Faults.check(third, acknowledged: length + 2)
            }
        }
    }

    @Test func aReaderMayCrashAnywhere() throws {
        var random = SeededRandom.announced()
        let source = try Feed(storage: MemoryStorage(), keyPair: Faults.pair)
        let storage = FaultyStorage(MemoryStorage())
        let feed = try Feed(storage: storage, key: source.key)
        var flushed: [(place: Int, blocks: Set<UInt64>)] = [(0, [])]
        var cleared: Set<UInt64> = []
        for round: UInt64 in 0..<5 {
            try source.append(Faults.contents(source.length..<source.length + 7))
            for _ in 0..<4 {
                let block = UInt64.random(in: 0..<source.length, using: &random)
                try Faults.fetch(block, from: source, into: feed)
            }
            if round == 3 {
                cleared = Set((0..<10).filter(feed.has))
                try feed.clear(0..<10)
            } else {
                try feed.flush()
            }
            flushed.append((storage.log.count, Set((0..<source.length).filter(feed.has))))
        }
        for count in 0...storage.log.count {
            let kept = (flushed.last { $0.place <= count }?.blocks ?? []).subtracting(cleared)
            for fate in fates(count, &random) {
                let image = storage.image(after: count, fate: fate)
                let again = try Feed(storage: image, key: source.key)
                try Faults.check(again, acknowledged: 0)
                #expect(kept.allSatisfy(again.has), "after \(count) changes")
                guard Int.random(in: 0..<4, using: &random) == 0 else { continue }
                // Whatever is left, everything can be fetched.
                for block in 0..<source.length where try again.block(block) == nil {
                    try Faults.fetch(block, from: source, into: again)
                }
                try Faults.check(again, acknowledged: source.length)
            }
        }
    }
}
