import HyperCrypto
import TestSupport
import Testing

@testable import Hypercore

/// A storage whose calls fail: nothing acknowledged is lost, nothing wrong is ever served.
@Suite(.timeLimit(.minutes(1)))
struct FeedFaultTests {
    static let pair = KeyPair(seed: Blake2b.hash32(Array("faults".utf8)))

    static func content(_ block: UInt64) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: block &* 7), count: Int(block % 5) * 40)
            + [UInt8(truncatingIfNeeded: block)]
    }

    static func contents(_ range: Range<UInt64>) -> [[UInt8]] { range.map(content) }

    /// Everything that is stored is right; everything below `acknowledged` is stored.
    static func check(_ feed: Feed, acknowledged: UInt64) throws {
        #expect(feed.length >= acknowledged)
        for block in 0..<feed.length {
            let found = try feed.block(block)
            #expect(found == content(block) || (found == nil && block >= acknowledged))
        }
    }

    /// Appends and a batch; `acknowledged` follows what returned.
    static func write(_ feed: Feed, _ acknowledged: inout UInt64) throws {
        try feed.append(contents(0..<3))
        acknowledged = 3
        try feed.append(contents(3..<4))
        acknowledged = 4
        let batch = try feed.beginBatch()
        for block in contents(4..<11) { try batch.append(block) }
        try batch.commit()
        acknowledged = 11
        try feed.append(contents(11..<12))
        acknowledged = 12
    }

    @Test(arguments: [false, true])
    func eachCallOfAWriterMayFail(stays: Bool) throws {
        var call = 0
        while true {
            let base = MemoryStorage()
            let storage = FaultyStorage(base)
            storage.plan.fail(call, stays: stays)
            var acknowledged: UInt64 = 0
            let feed = try? Feed(storage: storage, keyPair: Self.pair)
            if let feed { try? Self.write(feed, &acknowledged) }
            let wasHit = storage.plan.hits > 0
            storage.plan.heal()
            if let feed {
                try Self.check(feed, acknowledged: acknowledged)
                // The feed either goes on or says plainly that it must be opened again.
                let next = feed.length
                if (try? feed.append(Self.contents(next..<next + 2))) != nil {
                    acknowledged = next + 2
                }
                try Self.check(feed, acknowledged: acknowledged)
            }
            let again = try Feed(storage: base, keyPair: Self.pair)
            try Self.check(again, acknowledged: acknowledged)
            let next = again.length
            try again.append(Self.contents(next..<next + 2))
            try Self.check(again, acknowledged: next + 2)
            if !wasHit { break }
            call += 1
        }
        #expect(call > 40)
    }

    @Test(arguments: [false, true])
    func eachCallOfAReaderMayFail(stays: Bool) throws {
        let source = try Feed(storage: MemoryStorage(), keyPair: Self.pair)
        try source.append(Self.contents(0..<21))
        let order: [UInt64] = [20, 0, 1, 9, 8, 7, 15, 3]
        var call = 0
        while true {
            let base = MemoryStorage()
            let storage = FaultyStorage(base)
            storage.plan.fail(call, stays: stays)
            let feed = try? Feed(storage: storage, key: source.key)
            var flushed: Set<UInt64> = []
            if let feed {
                for (i, block) in order.enumerated() {
                    try? Self.fetch(block, from: source, into: feed)
                    if i % 3 == 2, (try? feed.flush()) != nil {
                        flushed = Set((0..<21).filter(feed.has))
                    }
                    if i == 5, (try? feed.clear(0..<2)) != nil { flushed.subtract([0, 1]) }
                }
            }
            let wasHit = storage.plan.hits > 0
            storage.plan.heal()
            if let feed { try Self.check(feed, acknowledged: 0) }
            let again = try Feed(storage: base, key: source.key)
            try Self.check(again, acknowledged: 0)
            for block in flushed.subtracting([0, 1]) { #expect(again.has(block)) }
            for block in order { try Self.fetch(block, from: source, into: again) }
            for block in order { #expect(try again.block(block) == Self.content(block)) }
            if !wasHit { break }
            call += 1
        }
        #expect(call > 40)
    }

    static func fetch(_ block: UInt64, from source: Feed, into feed: Feed) throws {
        let proof = try #require(
            try source.proof(
                for: block, digest: feed.digest(for: block), includeLeaf: false,
                remote: RemoteNodes()))
        try feed.put(block, value: source.block(block), proof: proof)
    }

    @Test func afterAFailedSyncNothingIsStoredAnyMore() throws {
        let storage = FaultyStorage(MemoryStorage())
        let feed = try Feed(storage: storage, keyPair: Self.pair)
        try feed.append(Self.contents(0..<2))
        let file = SyncFailure(storage)
        let broken = try Feed(storage: file, keyPair: Self.pair)
        file.isBroken.withLock { $0 = true }
        #expect(throws: FeedError.self) { try broken.append(Self.contents(2..<3)) }
        file.isBroken.withLock { $0 = false }
        let error = #expect(throws: FeedError.self) { try broken.append(Self.contents(2..<3)) }
        #expect(error?.code == .io)
        #expect(broken.length == 2)
        try Self.check(broken, acknowledged: 2)
    }
}
