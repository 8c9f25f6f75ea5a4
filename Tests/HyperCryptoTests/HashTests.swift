import HyperCrypto
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HashTests {
    @Test func leavesHashAsRecorded() throws {
        for vector in try vectors("hypercore/hashes.json", "leaf") {
            let fill = vector["dataFill"]
            let data =
                fill.isNull
                ? try #require([UInt8](hex: vector["data"].string))
                : [UInt8](repeating: UInt8(fill["byte"].int), count: fill["length"].int)
            #expect(TreeHash.leaf(data).hex == vector["hash"].string)
        }
    }

    @Test func parentsHashAsRecorded() throws {
        for vector in try vectors("hypercore/hashes.json", "parent") {
            let isInOrder = vector["a"]["index"].uint64 < vector["b"]["index"].uint64
            let left = isInOrder ? vector["a"] : vector["b"]
            let right = isInOrder ? vector["b"] : vector["a"]
            let hash = TreeHash.parent(
                size: vector["size"].uint64,
                left: try #require(Bytes32(hex: left["hash"].string)),
                right: try #require(Bytes32(hex: right["hash"].string)))
            #expect(hash.hex == vector["hash"].string)
        }
    }

    @Test func rootsHashAndSignAsRecorded() throws {
        let seed = try Fixtures.json("hypercore/hashes.json")["signKey"]["seed"].string
        let pair = KeyPair(seed: try #require(Bytes32(hex: seed)))
        for vector in try vectors("hypercore/hashes.json", "root") {
            let roots = try vector["roots"].array.map { root in
                (
                    hash: try #require(Bytes32(hex: root["hash"].string)),
                    index: root["index"].uint64, size: root["size"].uint64
                )
            }
            let treeHash = TreeHash.roots(roots)
            #expect(treeHash.hex == vector["treeHash"].string)
            let length = vector["length"].uint64
            let signable = TreeHash.signable(treeHash: treeHash, length: length)
            #expect(signable.hex == vector["signable"].string)
            let signature = pair.sign(signable)
            #expect(signature.hex == vector["signature"].string)
            let old = try #require([UInt8](hex: vector["oldSignature"].string))
            #expect(pair.publicKey.verifies(signature, treeHash: treeHash, length: length))
            #expect(pair.publicKey.verifies(old, treeHash: treeHash, length: length))
            #expect(!pair.publicKey.verifies(signature, treeHash: treeHash, length: length + 1))
        }
    }

    @Test func aSignatureOfAnotherLengthOrWithAFlippedBitIsRefused() {
        let pair = KeyPair(seed: Bytes32())
        let message = Array("message".utf8)
        let signature = pair.sign(message)
        #expect(pair.publicKey.verifies(signature, for: message))
        for bit in stride(from: 0, to: 512, by: 37) {
            var damaged = signature
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!pair.publicKey.verifies(damaged, for: message))
        }
        #expect(!pair.publicKey.verifies([], for: message))
        #expect(!pair.publicKey.verifies(signature + [0], for: message))
        #expect(!PublicKey(Bytes32()).verifies(signature, for: message))
    }

    @Test func pathComponentsHashAsRecorded() throws {
        let paths = try Fixtures.json("hyperdrive/hypertrie/path-hashes.json").array
        try #require(!paths.isEmpty)
        for vector in paths {
            let hashes = vector["components"].array.map { component in
                let hash = SipHash24.hash(Array(component.string.utf8))
                return withUnsafeBytes(of: hash.littleEndian) { $0.hex }
            }
            #expect(hashes.joined() == vector["hash"].string)
        }
    }

    @Test func blake2bGivesSixtyFourBytesWhereAskedTo() {
        // RFC 7693 appendix A.
        let expected =
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
        #expect(Blake2b.hash64(Array("abc".utf8)).hex == expected)
        #expect(Blake2b.hash64([]).count == 64)
    }
}
