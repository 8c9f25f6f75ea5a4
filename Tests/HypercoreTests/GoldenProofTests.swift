import HyperCrypto
import TestSupport
import Testing

@testable import Hypercore

@Suite(.timeLimit(.minutes(1)))
struct GoldenProofTests {
    @Test func everyProofHasTheNodesAndTheSignatureOfTheReference() throws {
        for golden in try Fixtures.json("hypercore/proofs.json")["feeds"].array {
            let feed = try Feed(storage: MemoryStorage(), keyPair: try GoldenFeedTests.seed(golden))
            #expect(feed.key.hex == golden["key"].string)
            try feed.append(BlockGenerator.usual.blocks(0..<golden["length"].uint64))
            var byIndex: [UInt64: TreeNode] = [:]
            for node in try golden["treeNodes"].array.map({ try TreeNode($0) }) {
                byIndex[node.index] = node
            }
            for entry in golden["cases"].array {
                let proof = try feed.proof(
                    for: entry["index"].uint64, digest: entry["digest"].uint64,
                    includeLeaf: entry["hash"].bool, remote: RemoteNodes())
                guard entry["error"].isNull else {
                    #expect(proof == nil)
                    continue
                }
                let nodes = entry["nodes"].array.map { byIndex[$0.uint64] }
                #expect(proof?.nodes == nodes.compactMap { $0 }, "\(entry)")
                let signature = entry["signed"].bool ? golden["signature"].string : nil
                #expect(proof?.signature?.hex == signature)
            }
        }
    }

    @Test func aFeedThatGrowsReachesASecondReplicaThroughTheFirst() throws {
        let golden = try Fixtures.json("hypercore/growth.json")
        let source = try Feed(storage: MemoryStorage(), keyPair: try GoldenFeedTests.seed(golden))
        let middle = try Feed(storage: MemoryStorage(), key: source.key)
        let leaf = try Feed(storage: MemoryStorage(), key: source.key)
        let (middleKnown, leafKnown) = (RemoteNodes(), RemoteNodes())
        for step in golden["steps"].array {
            let target = step["sourceLength"].uint64
            if source.length < target {
                try source.append(BlockGenerator.usual.blocks(source.length..<target))
            }
            try copy(step, step["digest"], step["proof"], source, middle, middleKnown)
            expect(middle, step["midLength"], step["midByteLength"], step["midTree"])
            let second = step["second"]
            guard !second.isNull else { continue }
            try copy(step, second["digest"], second["proof"], middle, leaf, leafKnown)
            expect(leaf, second["leafLength"], second["leafByteLength"], second["leafTree"])
        }
    }

    private func copy(
        _ step: JSON, _ digest: JSON, _ golden: JSON, _ from: Feed, _ to: Feed,
        _ remote: RemoteNodes
    ) throws {
        let index = step["index"].uint64
        let isHash = step["hash"].bool
        #expect(to.runningDigest(for: index) == digest.uint64, "\(step)")
        let proof = try #require(
            try from.proof(
                for: index, digest: digest.uint64, includeLeaf: isHash, remote: remote))
        #expect(proof == (try Proof(golden)))
        let value = isHash ? nil : try from.block(index)
        #expect(isHash || value != nil)
        try to.put(index, value: value, proof: proof)
    }

    private func expect(_ feed: Feed, _ length: JSON, _ bytes: JSON, _ tree: JSON) {
        #expect(feed.length == length.uint64)
        #expect(feed.byteLength == bytes.uint64)
        #expect(feed.treeNodes(below: 128) == tree.array.map(\.uint64))
    }

    static let verify = (try? Fixtures.json("hypercore/verify.json")) ?? .null
    static let verifyCases = verify["cases"].array

    @Test(arguments: verifyCases.indices)
    func messagesAreAcceptedOrRefusedAsTheyShould(index: Int) throws {
        let golden = Self.verify
        let entry = Self.verifyCases[index]
        let hex = entry["feedKey"].stringOrNil ?? golden["key"].string
        let feed = try Feed(
            storage: MemoryStorage(), key: PublicKey(hex: hex))
        for message in entry["prior"].array { try put(message, into: feed) }
        let before = (feed.length, feed.treeNodes(below: 32))
        let why = Comment(rawValue: entry["why"].string)
        if entry["robust"].string == "accept" {
            try put(entry["message"], into: feed)
            #expect(feed.length == entry["length"].uint64, why)
            #expect(feed.byteLength == entry["byteLength"].uint64, why)
            #expect(feed.treeNodes(below: 32) == entry["treeNodes"].array.map(\.uint64), why)
            #expect(feed.has(entry["message"]["index"].uint64) == entry["hasBlock"].bool, why)
        } else {
            let error = #expect(throws: FeedError.self, why) {
                try put(entry["message"], into: feed)
            }
            #expect(error?.code == .unverified, why)
            #expect(feed.length == before.0, why)
            #expect(feed.treeNodes(below: 32) == before.1, why)
            #expect(!feed.has(entry["message"]["index"].uint64), why)
        }
    }

    private func put(_ message: JSON, into feed: Feed) throws {
        try feed.put(
            message["index"].uint64,
            value: message["value"].stringOrNil.flatMap { [UInt8](hex: $0) },
            proof: Proof(message))
    }

    /// Section 12, trap 10.
    @Test func movedSizesAreMendedWhenABlockArrives() throws {
        for first: UInt64 in [4, 5] {
            let golden = Self.verify
            let entry = try #require(
                golden["cases"].array.first { $0["why"].string.contains("bytes moved") })
            let feed = try Feed(
                storage: MemoryStorage(), key: PublicKey(hex: golden["key"].string))
            try put(entry["message"], into: feed)
            #expect(try feed.size(of: 4) == 69)
            let second = 9 - first
            for block in [first, second] {
                let value = BlockGenerator.usual.block(block)
                try feed.put(block, value: value, proof: Proof(nodes: [], signature: nil))
                #expect(try feed.size(of: 4) == 67)
                #expect(try feed.size(of: 5) == 32)
            }
            #expect(try feed.block(4) == BlockGenerator.usual.block(4))
            #expect(try feed.block(5) == BlockGenerator.usual.block(5))
        }
    }
}
