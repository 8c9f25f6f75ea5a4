import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct MainlineCodecTests {
    @Test func everyRecordedDatagramIsReadAndWrittenToTheByte() throws {
        var count = 0
        for entry in try Fixtures.json("swarm/krpc.json")["log"].array {
            guard let bytes = DHTFixtures.bytes(entry["hex"]) else { continue }
            let value = try BencodeReader.read(bytes)
            #expect(value.encoded == bytes)
            expectSame(value, entry["decoded"])
            let message = try bytes.withUnsafeBytes { try KRPCMessage(decoding: $0) }
            switch message.body {
            case .query(let method, _): #expect(method == entry["decoded"]["q"].string)
            case .response: #expect(entry["decoded"]["y"].string == "r")
            case .error(let code, _): #expect(code == Int64(entry["decoded"]["e"][0].int))
            }
            if value["v"] == nil, value["e"] == nil { #expect(message.encoded == bytes) }
            count += 1
        }
        #expect(count > 40)
    }

    private func expectSame(_ value: Bencode, _ json: JSON) {
        switch value {
        case .integer(let number): #expect(number == Int64(json.int))
        case .bytes(let bytes):
            let text = json.string
            let plain = String(decoding: bytes, as: UTF8.self)
            #expect(text == plain || text == "0x" + bytes.hex)
        case .list(let values):
            #expect(values.count == json.array.count)
            for (value, json) in zip(values, json.array) { expectSame(value, json) }
        case .dictionary(let members):
            #expect(members.count == json.object.count)
            for (key, value) in members {
                expectSame(value, json[String(decoding: key, as: UTF8.self)])
            }
        }
    }

    /// Every signature in the recorded items, with the salt that a get does not repeat.
    @Test func recordedItemsAreSignedAsWeSign() throws {
        var good = 0
        var bad = 0
        for entry in try Fixtures.json("swarm/krpc.json")["log"].array {
            guard let bytes = DHTFixtures.bytes(entry["hex"]) else { continue }
            let message = try BencodeReader.read(bytes)
            guard let item = message["a"] ?? message["r"], let key = item["k"]?.bytes,
                let signature = item["sig"]?.bytes, let seq = item["seq"]?.integer,
                let value = item["v"]
            else { continue }
            let publicKey = try #require(PublicKey(key))
            let isSigned = [item["salt"]?.bytes ?? [], Array("foobar".utf8)].contains { salt in
                let signable = MainlineNode.signable(value.encoded, seq: seq, salt: salt)
                return publicKey.verifies(signature, for: signable)
            }
            if isSigned { good += 1 } else { bad += 1 }
        }
        #expect(good > 2 && bad == 1, "one was made wrong on purpose")
    }

    @Test(arguments: [
        "", "i1", "ie", "i-e", "i01e", "i-0e", "i-01e", "i9223372036854775808e",
        "i-9223372036854775809e", "1:", "01:a", "-1:a", "2:a", "l", "li1e", "d", "d1:a", "d1:ae",
        "di1ei1ee", "d1:bi1e1:ai1ee", "d1:ai1e1:ai1ee", "i1ei1e", "x", "99999999999999999999:a",
        "llllllllllleeeeeeeeeee", "i1x", "1a",
    ])
    func whatIsNotTheOneEncodingIsRefused(text: String) {
        #expect(throws: BencodeReader.Malformed.self) {
            try BencodeReader.read(Array(text.utf8))
        }
    }

    @Test func numbersUpToTheirLimitsAreRead() throws {
        for number in [0, 1, -1, Int64.max, Int64.min] {
            let value = Bencode.integer(number)
            #expect(try BencodeReader.read(value.encoded).integer == number)
        }
        #expect(try BencodeReader.read(Array("de".utf8)).isDictionary)
    }

    @Test func hashesAndNamesAreThoseOfTheSpecification() throws {
        #expect(SHA1.hash([]).hex == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(SHA1.hash(Array("abc".utf8)).hex == "a9993e364706816aba3e25717850c26c9cd0d89d")
        let million = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)
        #expect(SHA1.hash(million).hex == "291e9a6c66994949b57ba5e650361e98fc36b1ba")
        for length in [55, 56, 63, 64, 119, 120] {
            #expect(SHA1.hash(Array(million[..<length])).count == 20)
        }
        let hello = Bencode.string("Hello World!").encoded
        #expect(SHA1.hash(hello).hex == "e5f96f6f38320f0f33959cb4d3d656452117aadb")
        let json = try Fixtures.json("swarm/identifiers.json")
        for row in json["bep44_targets"].array {
            let key = try #require(PublicKey(hex: row["publicKey"].string))
            let salt = DHTFixtures.bytes(row["salt"]) ?? []
            #expect(MainlineNode.target(key, salt: salt).hex == row["target"].string)
        }
        for row in json["discovery_keys"].array {
            let topic = try DHTFixtures.key(row["discoveryKey"].string)
            let hash = MainlineID.bytes(MainlineID.infoHash(of: topic)).hex
            #expect(hash == row["infohash_dat_style"].string)
        }
    }

    @Test func idsAreBoundToAddressesAsTheSpecificationSays() throws {
        var random = SeededRandom(seed: 4)
        let json = try Fixtures.json("swarm/identifiers.json")["bep42"]
        for row in json["published"].array + json["more"].array {
            guard case .v4(let ip)? = IPAddress(row["ip"].string) else {
                Issue.record("no address")
                continue
            }
            let prefix = MainlineID.prefix(of: ip, seed: UInt8(row["rand"].int))
            #expect(String(prefix, radix: 16) == drop0(row["crc32c"].string))
            let id = MainlineID.make(for: ip, random: &random)
            #expect(MainlineID.isValid(id, for: ip))
            #expect(!MainlineID.isValid(id, for: ip ^ 0x0001_0000))
            #expect(MainlineID.isValid(id, for: 0xc0a8_0101), "private ones may have any")
        }
    }

    private func drop0(_ text: String) -> String { String(text.drop { $0 == "0" }) }
}
