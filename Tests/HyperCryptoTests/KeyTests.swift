import HyperCrypto
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct KeyTests {
    @Test func feedKeysAreTheRecordedOnes() throws {
        for vector in try vectors("hypercore/keys.json", "feed") {
            let pair = KeyPair(seed: try #require(Bytes32(hex: vector["seed"].string)))
            #expect(pair.publicKey.hex == vector["publicKey"].string)
            #expect(pair.secretKey.withUnsafeBytes { $0.hex } == vector["secretKey"].string)
            #expect(pair.publicKey.discoveryKey.hex == vector["discoveryKey"].string)
        }
    }

    @Test func noiseKeysAreTheRecordedOnes() throws {
        for vector in try vectors("hypercore/keys.json", "noise") {
            let pair = NoiseKeyPair(seed: try #require(Bytes32(hex: vector["seed"].string)))
            #expect(pair.publicKey.hex == vector["publicKey"].string)
            #expect(pair.secretKey.withUnsafeBytes { $0.hex } == vector["secretKey"].string)
        }
    }

    @Test func coreSeedsAndKeysComeFromTheMasterKeyAsRecorded() throws {
        for vector in try vectors("hyperdrive/corestore/key-derivation.json", "cores") {
            let master = try #require(Bytes32(hex: vector["masterKey"].string))
            let name = try #require([UInt8](hex: vector["nameUtf8"].string))
            let seed = Blake2b.hash32(Array("9\ncorestore".utf8) + name, key: master)
            #expect(seed.hex == vector["seed"].string)
            let pair = KeyPair(seed: seed)
            #expect(pair.publicKey.hex == vector["publicKey"].string)
            #expect(pair.secretKey.withUnsafeBytes { $0.hex } == vector["secretKey"].string)
            #expect(pair.publicKey.discoveryKey.hex == vector["discoveryKey"].string)
        }
        let others = try vectors("hyperdrive/corestore/key-derivation.json", "otherNamespaces")
        for vector in others {
            let master = try #require(Bytes32(hex: vector["masterKey"].string))
            let space = vector["namespace"].string
            let message = "\(space.utf8.count)\n\(space)\(vector["name"].string)"
            let derived = Blake2b.hash32(Array(message.utf8), key: master)
            #expect(derived.hex == vector["derived"].string)
        }
    }

    @Test func aStoredSecretKeyOpensOnlyWhenItsHalvesBelongTogether() throws {
        var random = SeededRandom(seed: 1)
        let pair = KeyPair(random: &random)
        let bytes = pair.secretKey.withUnsafeBytes { [UInt8]($0) }
        #expect(try #require(KeyPair(secretKey: bytes)).publicKey == pair.publicKey)
        var damaged = bytes
        damaged[40] ^= 1
        #expect(KeyPair(secretKey: damaged) == nil)
        #expect(KeyPair(secretKey: Array(bytes.dropLast())) == nil)
        #expect(KeyPair(secretKey: []) == nil)
    }

    @Test func aKeyIsReadFromHexadecimalAndZBase32() throws {
        var random = SeededRandom.announced()
        for _ in 0..<20 {
            let key = PublicKey(random.bytes32())
            #expect(PublicKey(hex: key.hex) == key)
            #expect(PublicKey(hex: key.hex.uppercased()) == key)
            #expect(key.zBase32.count == 52)
            #expect(PublicKey(zBase32: key.zBase32) == key)
            #expect(PublicKey(zBase32: key.zBase32.uppercased()) == key)
        }
    }

    @Test func zBase32MatchesItsPublishedAlphabetMostSignificantBitsFirst() throws {
        let zero = PublicKey(Bytes32())
        #expect(zero.zBase32 == String(repeating: "y", count: 52))
        let ones = try #require(PublicKey([UInt8](repeating: 0xff, count: 32)))
        #expect(ones.zBase32 == String(repeating: "9", count: 51) + "o")
        // f0 bf c7 is "6n9hq" in the description of the encoding.
        let known = try #require(PublicKey([0xf0, 0xbf, 0xc7] + [UInt8](repeating: 0, count: 29)))
        #expect(known.zBase32.hasPrefix("6n9h"))
    }

    @Test(arguments: [
        "", "y", String(repeating: "y", count: 51), String(repeating: "y", count: 53),
        String(repeating: "y", count: 51) + "b", String(repeating: "y", count: 51) + "9",
        String(repeating: "y", count: 51) + "l", String(repeating: "y", count: 51) + "\u{e9}",
        String(repeating: "\u{e9}", count: 26), String(repeating: "0", count: 52),
    ])
    func aTextThatIsNoZBase32KeyIsRefused(_ text: String) {
        #expect(PublicKey(zBase32: text) == nil)
    }

    @Test(arguments: [
        "", "0", String(repeating: "0", count: 63), String(repeating: "0", count: 66),
        String(repeating: "0", count: 63) + "g", String(repeating: "\u{e9}", count: 32),
        "0x" + String(repeating: "0", count: 62), " " + String(repeating: "0", count: 63),
    ])
    func aTextThatIsNoHexadecimalKeyIsRefused(_ text: String) {
        #expect(PublicKey(hex: text) == nil)
    }

    @Test func aKeyIsNeverShownWholeInLogs() throws {
        let key = try #require(PublicKey(hex: String(repeating: "ab", count: 32)))
        #expect("\(key)" == "abababab")
        #expect("\(key.discoveryKey)".count == 8)
    }
}
