import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct DHTMessageTests {
    private static let vectors = "swarm/dht-messages.json"

    @Test func everyMessageIsWrittenAndReadToTheByte() throws {
        let rows = try Fixtures.json(Self.vectors)["messages"].array
        #expect(rows.count > 30)
        for row in rows {
            let name = row["name"].string
            let bytes = try #require([UInt8](hex: row["hex"].string))
            #expect(bytes.count == row["length"].int, "\(name)")
            let message = try DHTFixtures.message(row["fields"])
            #expect(message.encoded.hex == bytes.hex, "\(name)")
            let read = try bytes.withUnsafeBytes { try DHTMessage(decoding: $0) }
            #expect(read == message, "\(name)")
        }
    }

    /// Where the reference family reads what cannot be right, we do not.
    @Test func oddInputsAreReadOrRefusedAsTheSpecificationSays() throws {
        let refused: Set = [
            "empty datagram", "type only", "rid only", "group wire type", "unterminated varint",
            "bytes field longer than the datagram", "string field longer than the datagram",
            "type 9", "known field with the wrong wire type", "rid above 65535",
        ]
        let rows = try Fixtures.json(Self.vectors)["decode"].array
        #expect(rows.count == 18)
        for row in rows {
            let name = row["name"].string
            let bytes = try #require([UInt8](hex: row["hex"].string))
            let message = try? bytes.withUnsafeBytes { try DHTMessage(decoding: $0) }
            if refused.contains(name) {
                #expect(message == nil, "\(name)")
                continue
            }
            let fields = row["reference"]["accepted"]
            #expect(!fields.isNull && message != nil, "\(name)")
            #expect(message?.rid == UInt16(fields["rid"].int), "\(name)")
            #expect(message?.version ?? 0 == fields["version"].uint64, "\(name)")
            #expect(message?.command ?? "" == fields["command"].string, "\(name)")
            #expect(message?.id?.raw.hex == fields["id"].stringOrNil, "\(name)")
            #expect(message?.target?.raw.hex == fields["target"].stringOrNil, "\(name)")
        }
    }

    @Test func everyPayloadIsWrittenAndReadToTheByte() throws {
        let rows = try Fixtures.json(Self.vectors)["payloads"].array
        #expect(rows.count >= 14)
        for row in rows {
            let name = row["name"].string
            let bytes = try #require([UInt8](hex: row["hex"].string))
            let fields = row["fields"]
            switch row["message"].string {
            case "PeersInput":
                let input = DHTPeersInput(
                    port: fields["port"].uint64OrNil.map { UInt32($0) },
                    localAddress: DHTFixtures.address(fields["localAddress"]),
                    unannounce: fields["unannounce"].isNull ? nil : fields["unannounce"].bool)
                #expect(input.encoded.hex == bytes.hex, "\(name)")
                #expect(try DHTPeersInput(decoding: bytes) == input, "\(name)")
            case "PeersOutput":
                let output = try DHTPeersOutput(decoding: bytes)
                #expect(output.encoded.hex == bytes.hex, "\(name)")
                let peers = output.peers.flatMap(\.bytes).hex
                #expect(peers == fields["peers"].string, "\(name)")
                let locals = output.localPeers.flatMap { $0.bytes.dropFirst(2) }.hex
                #expect(locals == fields["localPeers"].string, "\(name)")
            case "Holepunch":
                let holepunch = DHTHolepunch(
                    from: DHTFixtures.address(fields["from"]),
                    to: DHTFixtures.address(fields["to"]))
                #expect(holepunch.encoded.hex == bytes.hex, "\(name)")
                #expect(try DHTHolepunch(decoding: bytes) == holepunch, "\(name)")
            case "Mutable":
                let mutable = DHTMutableFields(
                    seq: fields["seq"].uint64OrNil, salt: DHTFixtures.bytes(fields["salt"]))
                #expect(mutable.encoded.hex == bytes.hex, "\(name)")
                #expect(try DHTMutableFields(decoding: bytes) == mutable, "\(name)")
            default: Issue.record("a payload that no test knows: \(name)")
            }
        }
    }

    @Test func immutableValuesAreNamedByTheirHash() throws {
        let rows = try Fixtures.json(Self.vectors)["immutable"].array
        #expect(rows.count > 3)
        for row in rows {
            let value = try #require(DHTFixtures.bytes(row["value"]))
            #expect(Blake2b.hash32(value).hex == row["key"].string)
        }
    }

    @Test func mutableRecordsAreSignedAndWrittenToTheByte() throws {
        let json = try Fixtures.json(Self.vectors)["mutable"]
        let pair = KeyPair(seed: try #require(Bytes32(hex: json["seed"].string)))
        #expect(pair.publicKey.hex == json["publicKey"].string)
        let rows = json["records"].array
        #expect(rows.count > 5)
        for row in rows {
            let value = try #require(DHTFixtures.bytes(row["value"]))
            let salt = DHTFixtures.bytes(row["salt"]) ?? []
            let seq = row["seq"].uint64
            let signable = DHTMutable.signable(value: value, seq: seq, salt: salt)
            #expect(signable.hex == row["signable"].string)
            let record = try #require(
                DHTMutable(value: value, seq: seq, salt: salt, signedBy: pair))
            #expect(record.signature.hex == row["signature"].string)
            #expect(record.encoded.hex == row["encoded"].string)
            #expect(DHTMutable(decoding: record.encoded) == record)
            #expect(record.isSigned(by: pair.publicKey))
            let forged = DHTMutable(
                value: value + [0], signature: record.signature, seq: seq, salt: salt)
            #expect(forged.map { !$0.isSigned(by: pair.publicKey) } ?? (value.count == 1000))
        }
        #expect(DHTMutable(value: [1], seq: 1 << 63, signedBy: pair) == nil)
        let long = [UInt8](repeating: 0, count: 1001)
        #expect(DHTMutable(value: long, seq: 1, signedBy: pair) == nil)
        #expect(DHTMutable(value: [1], seq: 1, salt: Array(long[..<65]), signedBy: pair) == nil)
    }

    @Test func tokensAreThoseOfTheReferenceFamily() throws {
        let rows = try Fixtures.json("swarm/identifiers.json")["roundtrip_tokens"]["vectors"].array
        #expect(rows.count == 4)
        for row in rows {
            let secret = try #require(Bytes32(hex: row["secret"].string))
            guard case .v4(let host)? = IPAddress(row["host"].string) else {
                Issue.record("no IPv4 address")
                continue
            }
            #expect(DHTTokens.token(secret: secret, host: host).hex == row["token"].string)
        }
    }

    @Test func aTokenLivesFiveToTenMinutesAndServesOneHost() {
        var random = SeededRandom(seed: 7)
        let start = DHTFixtures.start
        var tokens = DHTTokens(random: &random, now: start)
        let token = tokens.token(for: 1)
        #expect(tokens.isValid(token, for: 1) && !tokens.isValid(token, for: 2))
        #expect(!tokens.isValid([], for: 1) && !tokens.isValid(token + [0], for: 1))
        tokens.rotate(random: &random, now: start + .seconds(301))
        #expect(tokens.isValid(token, for: 1) && tokens.token(for: 1) != token)
        tokens.rotate(random: &random, now: start + .seconds(602))
        #expect(!tokens.isValid(token, for: 1))
        let next = tokens.token(for: 1)
        // After a long sleep not even the last one counts.
        tokens.rotate(random: &random, now: start + .seconds(6000))
        #expect(!tokens.isValid(next, for: 1))
    }

    @Test func aListOfNodesWithAnImpossiblePortIsNoList() {
        var message = DHTMessage(.response, rid: 1)
        let node = [UInt8](repeating: 1, count: 36)
        message.closerNodes = node + [0, 1] + node + [0, 2] + [9, 9]
        #expect(message.nodes.count == 2)
        message.closerNodes = node + [0, 1] + node + [0, 0]
        #expect(message.nodes.isEmpty)
        message.closerNodes = [1, 2, 3]
        #expect(message.nodes.isEmpty)
        message.closerNodes = [UInt8](repeating: 1, count: 38 * 60)
        #expect(message.nodes.count == 20)
    }

    @Test func peerListsWithImpossibleAddressesCountAsAbsent() throws {
        var writer = DHTFieldWriter()
        writer.append(1, bytes: [1, 2, 3, 4, 0, 0])
        writer.append(2, bytes: [1, 2, 0, 7, 1, 2, 0, 0])
        #expect(try DHTPeersOutput(decoding: writer.bytes) == DHTPeersOutput())
        writer = DHTFieldWriter()
        writer.append(1, bytes: [1, 2, 3, 4, 0, 1, 9])
        writer.append(2, bytes: [1, 2, 0])
        #expect(try DHTPeersOutput(decoding: writer.bytes) == DHTPeersOutput())
        #expect(throws: DHTFieldReader.Malformed.self) {
            try DHTPeersInput(decoding: [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
        }
    }
}
