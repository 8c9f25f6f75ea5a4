import HyperCrypto
import TestSupport
import Testing

@testable import Hypercore

/// Whatever a peer sends, no wrong byte is stored and nothing crashes.
@Suite(.timeLimit(.minutes(1)))
struct HostileProofTests {
    static let pair = KeyPair(seed: Blake2b.hash32(Array("hostile".utf8)))
    static let length: UInt64 = 21

    static func content(_ block: UInt64) -> [UInt8] {
        (0..<(block * 7919 + 13) % 97).map { UInt8(truncatingIfNeeded: block * 31 + $0) }
    }

    static func source(_ length: UInt64 = length) throws -> Feed {
        let feed = try Feed(storage: MemoryStorage(), keyPair: pair)
        try feed.append((0..<length).map(content))
        return feed
    }

    /// All that is stored is what the author wrote, offsets included.
    static func check(_ feed: Feed) throws {
        #expect(feed.length == 0 || feed.length == length)
        for block in 0..<feed.length {
            guard let found = try feed.block(block) else { continue }
            #expect(found == content(block))
        }
    }

    /// A message with one or two things changed at random.
    private func mutate(
        _ value: [UInt8]?, _ proof: Proof, _ random: inout SeededRandom
    ) -> ([UInt8]?, Proof) {
        var (value, proof) = (value, proof)
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            let any = proof.nodes.indices.randomElement(using: &random)
            switch (Int.random(in: 0..<13, using: &random), any) {
            case (0, let i?): proof.nodes[i].hash = random.bytes32()
            case (1, let i?): proof.nodes[i].size ^= 1 << UInt64.random(in: 0..<60, using: &random)
            case (2, let i?): proof.nodes[i].index ^= 1 << UInt64.random(in: 0..<64, using: &random)
            case (3, let i?): proof.nodes.remove(at: i)
            case (4, let i?): proof.nodes.append(proof.nodes[i])
            case (5, _): proof.nodes.shuffle(using: &random)
            case (6, _): proof.signature = nil
            case (7, _): proof.signature = random.bytes(64)
            case (8, _): proof.signature = random.bytes(Int.random(in: 0..<130, using: &random))
            case (9, _):
                value = value == nil ? [1, 2, 3] : nil
            case (10, _): value?.append(0)
            case (11, _):
                if let count = value?.count, count > 0 { value?[count / 2] ^= 4 }
            default:
                let node = TreeNode(
                    index: random.next() >> UInt64.random(in: 0..<64, using: &random),
                    hash: random.bytes32(), size: random.next())
                proof.nodes.insert(
                    node, at: Int.random(in: 0...proof.nodes.count, using: &random))
            }
        }
        return (value, proof)
    }

    @Test func changedProofsNeverStoreAWrongByte() throws {
        var random = SeededRandom.announced()
        let source = try Self.source()
        var accepted = 0
        var refused = 0
        for _ in 0..<60 {
            let feed = try Feed(storage: MemoryStorage(), key: source.key)
            for _ in 0..<12 {
                let block = UInt64.random(in: 0..<Self.length, using: &random)
                let isHash = Bool.random(using: &random)
                let proof = try #require(
                    try source.proof(
                        for: block, digest: feed.digest(for: block), includeLeaf: isHash,
                        remote: RemoteNodes()))
                let value = isHash ? nil : Self.content(block)
                let (badValue, badProof) = mutate(value, proof, &random)
                let target = Int.random(in: 0..<8, using: &random) == 0 ? block ^ 1 : block
                do {
                    try feed.put(target, value: badValue, proof: badProof)
                    accepted += 1
                } catch let error as FeedError {
                    #expect(error.code == .unverified || error.code == .tooLarge)
                    refused += 1
                }
                if Bool.random(using: &random) {
                    try feed.put(block, value: value, proof: proof)
                }
                try Self.check(feed)
            }
            try feed.close()
        }
        #expect(refused > 300)
        #expect(accepted > 0)
    }

    @Test func aMessageOfRandomBytesIsRefused() throws {
        var random = SeededRandom.announced()
        let feed = try Feed(storage: MemoryStorage(), key: Self.pair.publicKey)
        for _ in 0..<300 {
            let shift = UInt64.random(in: 0..<64, using: &random)
            let nodes = (0..<Int.random(in: 0..<6, using: &random)).map { _ in
                TreeNode(
                    index: random.next() >> shift, hash: random.bytes32(),
                    size: random.next() >> shift)
            }
            let value = Bool.random(using: &random) ? random.bytes(3) : nil
            let signature = Bool.random(using: &random) ? random.bytes(64) : nil
            #expect(throws: FeedError.self) {
                try feed.put(
                    random.next() >> shift, value: value,
                    proof: Proof(nodes: nodes, signature: signature))
            }
            _ = feed.digest(for: random.next() >> shift)
            _ = try? feed.proof(
                for: random.next() >> shift, digest: random.next() >> shift, includeLeaf: true,
                remote: RemoteNodes())
            _ = try? feed.seek(byte: random.next() >> shift)
            _ = feed.encodedBits(start: random.next() >> shift & ~7, length: random.next() >> shift)
            _ = feed.hasAll(0..<random.next() >> shift)
        }
        #expect(feed.length == 0)
    }

    /// A signed claim of 2^33 blocks is a few nodes; it must not cost more than that.
    @Test func aClaimedLengthAllocatesNothing() throws {
        let length: UInt64 = 1 << 33
        let block = length - 1
        var nodes: [TreeNode] = []
        var top = TreeNode(index: 2 * block, hash: TreeHash.leaf([1]), size: 1)
        let first = top
        while FlatTree.blocks(below: top.index).count < length {
            let sibling = TreeNode(
                index: FlatTree.sibling(top.index), hash: Bytes32(), size: 1)
            nodes.append(sibling)
            top = try #require(TreeNode(parentOf: sibling, top))
        }
        let signature = Self.pair.sign(
            TreeHash.signable(treeHash: [top].treeHash, length: length))
        let feed = try Feed(storage: SparseStorage(), key: Self.pair.publicKey)
        try feed.put(block, value: [1], proof: Proof(nodes: nodes, signature: signature))
        #expect(feed.length == length)
        #expect(first.index == 2 * block)
        #expect(feed.hasAll(block..<length))
        #expect(feed.core.withLock { $0.bits.pageNumbers(from: 0).count } < 80)
        #expect(try feed.block(block) == [1])
        try feed.close()
    }

    @Test func aLengthBeyondOursIsRefused() throws {
        let feed = try Feed(storage: MemoryStorage(), key: Self.pair.publicKey)
        let error = #expect(throws: FeedError.self) {
            try feed.put(
                Limits.lengthMax, value: [1], proof: Proof(nodes: [], signature: nil))
        }
        #expect(error?.code == .tooLarge)
    }
}
