import HyperCrypto
import TestSupport
import Testing

@testable import Hypercore

/// Random work on a writer and a sparse copy of it, compared with plain arrays.
@Suite(.timeLimit(.minutes(1)))
struct FeedModelTests {
    struct Model {
        var blocks: [[UInt8]] = []
        var present: Set<Int> = []

        var bytes: UInt64 { UInt64(blocks.reduce(0) { $0 + $1.count }) }

        func offset(_ block: Int) -> UInt64 {
            UInt64(blocks[..<block].reduce(0) { $0 + $1.count })
        }
    }

    @Test(arguments: [false, true])
    func aFeedIsAnArrayOfBlocks(onDisk: Bool) throws {
        var random = SeededRandom.announced()
        for _ in 0..<(onDisk ? 2 : 6) { try run(&random, onDisk: onDisk) }
    }

    private func run(_ random: inout SeededRandom, onDisk: Bool) throws {
        let folder = try TemporaryFolder()
        let storage: any FeedStorage =
            onDisk ? FolderStorage(folder: folder("a/b/feed")) : MemoryStorage()
        var feed = try Feed(storage: storage, keyPair: KeyPair(random: &random))
        var model = Model()
        for _ in 0..<40 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4: try append(to: feed, &model, &random)
            case 4: try batch(on: feed, &model, &random)
            case 5:
                try feed.close()
                feed = try Feed(storage: storage, key: feed.key, createIfMissing: false)
                #expect(feed.recovery == nil)
                // A hole is as good as a block of zeros, so that one is found again.
                for (i, block) in model.blocks.enumerated()
                where feed.has(UInt64(i)) && block.allSatisfy({ $0 == 0 }) {
                    model.present.insert(i)
                }
            case 6:
                let a = UInt64.random(in: 0...feed.length, using: &random)
                let b = UInt64.random(in: a...min(feed.length, a + 9), using: &random)
                try feed.clear(a..<b)
                for block in a..<b { model.present.remove(Int(block)) }
            case 7:
                let batch = try feed.beginBatch()
                for _ in 0..<3 { try batch.append(block(&random)) }
                batch.cancel()
            default: try feed.flush()
            }
            try compare(feed, model, &random)
        }
        try copy(feed, model, &random)
        try feed.close()
    }

    private func block(_ random: inout SeededRandom) -> [UInt8] {
        let size = [0, 1, 7, 100, 3000].randomElement(using: &random) ?? 0
        return random.bytes(Int.random(in: 0...size, using: &random))
    }

    private func append(
        to feed: Feed, _ model: inout Model, _ random: inout SeededRandom
    ) throws {
        let new = (0..<Int.random(in: 0..<12, using: &random)).map { _ in block(&random) }
        #expect(try feed.append(new) == UInt64(model.blocks.count))
        model.present.formUnion(model.blocks.count..<model.blocks.count + new.count)
        model.blocks += new
    }

    private func batch(
        on feed: Feed, _ model: inout Model, _ random: inout SeededRandom
    ) throws {
        let batch = try feed.beginBatch()
        let first = model.blocks.count
        for _ in 0..<Int.random(in: 0..<40, using: &random) {
            #expect(batch.nextBlock == UInt64(model.blocks.count))
            let new = block(&random)
            try batch.append(new)
            model.blocks.append(new)
            #expect(batch.nextByte == model.bytes)
            #expect(feed.length == UInt64(first))
        }
        #expect(try batch.commit() == UInt64(first))
        model.present.formUnion(first..<model.blocks.count)
    }

    private func compare(_ feed: Feed, _ model: Model, _ random: inout SeededRandom) throws {
        #expect(feed.length == UInt64(model.blocks.count))
        #expect(feed.byteLength == model.bytes)
        for _ in 0..<10 where !model.blocks.isEmpty {
            let i = Int.random(in: model.blocks.indices, using: &random)
            let expected = model.present.contains(i) ? model.blocks[i] : nil
            #expect(feed.has(UInt64(i)) == (expected != nil))
            #expect(try feed.block(UInt64(i)) == expected)
            #expect(try feed.byteOffset(of: UInt64(i)) == model.offset(i))
            #expect(try feed.size(of: UInt64(i)) == UInt64(model.blocks[i].count))
            for inside in model.blocks[i].indices.prefix(1) {
                let byte = model.offset(i) + UInt64(inside)
                let found = try feed.seek(byte: byte)
                #expect(byte == 0 || found == .found(block: UInt64(i), offset: UInt64(inside)))
            }
        }
        let a = Int.random(in: 0...model.blocks.count, using: &random)
        let b = Int.random(in: a...model.blocks.count, using: &random)
        let range = UInt64(a)..<UInt64(b)
        let missing = (a..<b).first { !model.present.contains($0) }
        #expect(feed.firstMissing(in: range) == missing.map(UInt64.init))
        #expect(feed.hasAll(range) == (missing == nil))
        #expect(feed.localBlocks(in: range) == UInt64((a..<b).filter(model.present.contains).count))
        let stored = model.present.reduce(0) { $0 + model.blocks[$1].count }
        #expect(feed.localBytes == UInt64(stored))
        try feed.core.withLock { try $0.checkInvariants() }
    }

    /// A reader fetches every block in random order and ends with the same feed.
    private func copy(_ feed: Feed, _ model: Model, _ random: inout SeededRandom) throws {
        let storage = MemoryStorage()
        var reader = try Feed(storage: storage, key: feed.key)
        var remote = RemoteNodes()
        for i in model.present.sorted().shuffled(using: &random) {
            let block = UInt64(i)
            if Int.random(in: 0..<10, using: &random) == 0 {
                try reader.close()
                reader = try Feed(storage: storage, key: feed.key)
                remote = RemoteNodes()
            }
            let digest = reader.digest(for: block)
            let onlyHash = Bool.random(using: &random)
            let proof = try #require(
                try feed.proof(
                    for: block, digest: digest, includeLeaf: onlyHash, remote: remote))
            try reader.put(block, value: onlyHash ? nil : model.blocks[i], proof: proof)
            if onlyHash {
                #expect(!reader.has(block))
                let rest = Proof(nodes: [], signature: nil)
                try reader.put(block, value: model.blocks[i], proof: rest)
            }
            #expect(try reader.block(block) == model.blocks[i])
        }
        guard !model.present.isEmpty else { return }
        #expect(reader.length == feed.length)
        #expect(reader.byteLength == feed.byteLength)
        #expect(reader.localBytes == feed.localBytes)
        try reader.core.withLock { try $0.checkInvariants() }
        #expect(
            (0..<feed.length).filter(reader.has) == (0..<feed.length).filter(feed.has))
        #expect(
            reader.encodedBits(start: 0, length: 0) == feed.encodedBits(start: 0, length: 0))
    }
}
