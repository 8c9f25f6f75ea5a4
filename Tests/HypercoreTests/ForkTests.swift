import HyperCrypto
import TestSupport
import Testing

@testable import Hypercore

@Suite(.timeLimit(.minutes(1)))
struct ForkTests {
    static let pair = KeyPair(seed: Blake2b.hash32(Array("forks".utf8)))

    static func feed(_ blocks: [[UInt8]]) throws -> Feed {
        let feed = try Feed(storage: MemoryStorage(), keyPair: pair)
        try feed.append(blocks)
        return feed
    }

    static func fetch(_ block: UInt64, from source: Feed, into feed: Feed) throws {
        let proof = try #require(
            try source.proof(for: block, digest: 0, includeLeaf: false, remote: RemoteNodes()))
        try feed.put(block, value: source.block(block), proof: proof)
    }

    @Test(
        arguments: [
            [[1], [2], [9]],  // The same length, another last block.
            [[1], [9], [3], [4]],  // Longer, another block inside.
            [[9], [2]],  // Shorter.
        ] as [[[UInt8]]])
    func twoSignedHistoriesStopTheFeed(other: [[UInt8]]) throws {
        let first = try Self.feed([[1], [2], [3]])
        let second = try Self.feed(other)
        let reader = try Feed(storage: MemoryStorage(), key: Self.pair.publicKey)
        for block: UInt64 in 0..<3 { try Self.fetch(block, from: first, into: reader) }
        let error = #expect(throws: FeedError.self) {
            for block in 0..<second.length { try Self.fetch(block, from: second, into: reader) }
        }
        #expect(error?.code == .forked)
        for block: UInt64 in 0..<3 { #expect(try reader.block(block) == [UInt8(block) + 1]) }
        #expect(reader.length == 3)
        // Stopped: even the first history brings nothing any more.
        let stopped = #expect(throws: FeedError.self) {
            try Self.fetch(0, from: first, into: reader)
        }
        #expect(stopped?.code == .forked)
    }

    @Test func aWriterThatFindsItsOwnLongerHistoryTakesItUp() throws {
        let full = try Self.feed([[1], [2], [3], [4]])
        let restored = try Self.feed([[1], [2]])
        try Self.fetch(3, from: full, into: restored)
        #expect(restored.length == 4)
        #expect(try restored.append([[5]]) == 4)
        let reader = try Feed(storage: MemoryStorage(), key: Self.pair.publicKey)
        try Self.fetch(0, from: full, into: reader)
        try Self.fetch(4, from: restored, into: reader)
        #expect(try reader.block(4) == [5])
    }

    @Test func nobodyElseMakesTheFeedGrowWhileABatchIsOpen() throws {
        let full = try Self.feed([[1], [2], [3], [4]])
        let restored = try Self.feed([[1], [2]])
        let batch = try restored.beginBatch()
        try batch.append([9])
        let error = #expect(throws: FeedError.self) {
            try Self.fetch(3, from: full, into: restored)
        }
        #expect(error?.code == .forked)
        #expect(throws: FeedError.self) { try batch.commit() }
        #expect(restored.length == 2)
    }

    @Test func aStaticFeedIsVerifiedByItsKey() throws {
        let source = try Self.feed([[1], [2], [3]])
        let treeHash = source.roots.treeHash
        let storage = MemoryStorage()
        let reader = try Feed(storage: storage, key: PublicKey(treeHash))
        for block: UInt64 in [2, 0, 1] {
            var proof = try #require(
                try source.proof(
                    for: block, digest: reader.digest(for: block), includeLeaf: false,
                    remote: RemoteNodes()))
            proof.signature = nil
            try reader.put(block, value: source.block(block), proof: proof)
        }
        try reader.close()
        let again = try Feed(storage: storage, createIfMissing: false)
        #expect(again.length == 3)
        #expect(again.recovery == nil)
        #expect(try again.block(1) == [2])
        let proof = try again.proof(for: 0, digest: 0, includeLeaf: false, remote: RemoteNodes())
        #expect(proof?.signature == nil)
        #expect(proof?.nodes.isEmpty == false)
    }
}
