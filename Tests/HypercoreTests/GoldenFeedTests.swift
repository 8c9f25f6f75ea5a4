import Foundation
import HyperCrypto
import TestSupport
import Testing

@testable import Hypercore

@Suite(.timeLimit(.minutes(1)))
struct GoldenFeedTests {
    static let feeds = (try? Fixtures.json("hypercore/feeds.json")["feeds"].array) ?? []
    static let written = feeds.filter { $0["cloneOf"].isNull }
    static let stored = feeds.filter { feed in
        FeedFile.allCases.allSatisfy {
            let file = feed["files"][$0.rawValue]
            return file.isNull || file["stored"].bool
        }
    }

    static func seed(_ feed: JSON) throws -> KeyPair {
        KeyPair(seed: try #require(Bytes32(hex: feed["seed"].string)))
    }

    @Test func theFixturesAreThere() {
        #expect(Self.written.count >= 16)
        #expect(Self.stored.count >= 13)
    }

    @Test(arguments: written.map { $0["name"].string })
    func everyFeedIsWrittenByteForByte(name: String) throws {
        let golden = try #require(Self.feeds.first { $0["name"].string == name })
        let memory = MemoryStorage()
        let storage = NoHoleStorage(base: memory)
        let generator = BlockGenerator(golden["blockGenerator"])
        var feed = try Feed(storage: storage, keyPair: try Self.seed(golden))
        var next: UInt64 = 0
        for entry in golden["ops"].array {
            for _ in 0..<entry["times"].int {
                let op = entry["op"]
                if let count = op["append"].uint64OrNil {
                    try feed.append(generator.blocks(next..<next + count))
                    next += count
                } else if op["reopen"].bool {
                    try feed.close()
                    feed = try Feed(storage: storage)
                } else {
                    try feed.clear(op["clear"][0].uint64..<op["clear"][1].uint64)
                }
            }
        }
        #expect(feed.length == golden["length"].uint64)
        #expect(feed.byteLength == golden["byteLength"].uint64)
        #expect(feed.roots == (try golden["roots"].array.map { try TreeNode($0) }))
        try feed.close()
        expectFiles(of: memory, toBe: golden)
    }

    func expectFiles(of memory: MemoryStorage, toBe golden: JSON) {
        for file in FeedFile.allCases {
            let expected = golden["files"][file.rawValue]
            let bytes = memory.contents(of: file)
            #expect(bytes.map(\.count) == expected["size"].uint64OrNil.map(Int.init), "\(file)")
            if let bytes, let hash = expected["sha256"].stringOrNil {
                #expect(SHA256.hex(bytes) == hash, "\(golden["name"].string) \(file)")
            }
        }
    }

    @Test(arguments: stored.map { $0["name"].string })
    func everyStoredFeedOpensAndVerifies(name: String) throws {
        let golden = try #require(Self.feeds.first { $0["name"].string == name })
        let copy = try TemporaryFolder()
        for file in FeedFile.allCases {
            let path = Fixtures.path("hypercore/feeds/\(name)/\(file.rawValue)")
            guard FileManager.default.fileExists(atPath: path) else { continue }
            try FileManager.default.copyItem(atPath: path, toPath: copy(file.rawValue))
        }
        let feed = try Feed(
            storage: FolderStorage(folder: copy.path), createIfMissing: false)
        #expect(feed.recovery == nil)
        #expect(feed.key.hex == golden["key"].string)
        #expect(feed.discoveryKey.hex == golden["discoveryKey"].string)
        #expect(feed.length == golden["length"].uint64)
        #expect(feed.byteLength == golden["byteLength"].uint64)
        #expect(feed.roots == (try golden["roots"].array.map { try TreeNode($0) }))
        let original = golden["cloneOf"].stringOrNil
        let source = original.flatMap { name in
            Self.feeds.first { $0["name"].string == name }
        }
        let generator = BlockGenerator((source ?? golden)["blockGenerator"])
        for block in 0..<feed.length where feed.has(block) {
            #expect(try feed.block(block) == generator.block(block))
        }
        #expect(try feed.verifyStored(0..<feed.length) == [])
        if original != nil {
            let blocks = golden["blocks"].array.map(\.uint64)
            #expect((0..<feed.length).filter(feed.has) == blocks)
            let digests = golden["digestsReopened"]
            #expect(!digests.isNull)
            for (block, digest) in pairs(digests) {
                #expect(feed.digest(for: block) == digest, "block \(block)")
            }
        }
    }

    @Test func theSparseCopyIsMadeByteForByte() throws {
        let golden = try #require(Self.feeds.first { !$0["cloneOf"].isNull })
        let source = try #require(
            Self.feeds.first { $0["name"].string == golden["cloneOf"].string })
        let generator = BlockGenerator(source["blockGenerator"])
        let key = try #require(PublicKey(hex: golden["key"].string))
        let memory = MemoryStorage()
        let feed = try Feed(storage: memory, key: key)
        let writer = try Feed(
            storage: try MemoryStorage(fixture: golden["cloneOf"].string), createIfMissing: false)
        let remote = RemoteNodes()
        for step in golden["steps"].array {
            for (request, data) in zip(step["request"].array, step["data"].array) {
                let index = data["index"].uint64
                if !request["nodes"].isNull, request["index"].uint64 == index {
                    #expect(feed.runningDigest(for: index) == request["nodes"].uint64)
                    let proof = try writer.proof(
                        for: index, digest: request["nodes"].uint64,
                        includeLeaf: request["hash"].bool, remote: remote)
                    #expect(proof == (try Proof(data)), "block \(index)")
                }
                let hasValue = !data["valueLength"].isNull
                try feed.put(
                    index, value: hasValue ? generator.block(index) : nil, proof: Proof(data))
            }
            #expect(feed.length == step["length"].uint64)
            #expect(feed.byteLength == step["byteLength"].uint64)
            #expect(feed.treeNodes(below: 2000).count == step["treeNodesAfter"].int)
        }
        #expect(feed.treeNodes(below: 4000) == golden["treeNodes"].array.map(\.uint64))
        for (block, digest) in pairs(golden["digests"]) {
            #expect(feed.runningDigest(for: block) == digest, "block \(block)")
        }
        for entry in golden["digests"].array {
            let covered = feed.coveredLength(of: 2 * entry["block"].uint64)
            #expect(covered == entry["coveredLength"].uint64)
        }
        try feed.close()
        expectFiles(of: memory, toBe: golden)
    }

    func pairs(_ json: JSON) -> [(UInt64, UInt64)] {
        json.array.map { ($0["block"].uint64, $0["digest"].uint64) }
    }
}
