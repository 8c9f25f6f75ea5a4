import Foundation
import HyperCrypto
import TestSupport
import Testing
import WireMessages

@testable import Replication

@Suite(.timeLimit(.minutes(1)))
struct MessageTests {
    let fixture: JSON

    init() throws { fixture = try Fixtures.json("hypercore/messages.json") }

    private func bytes(_ json: JSON) -> [UInt8]? { [UInt8](hex: json["hex"].string) }
    private func optionalBytes(_ json: JSON) -> [UInt8]? { json.isNull ? nil : bytes(json) }
    private func flag(_ json: JSON) -> Bool? { json.isNull ? nil : json.bool }

    /// A recorded message as ours; `nil` for those that are not about feeds or that leave out what
    /// ours always has.
    private func message(_ name: String, _ json: JSON) throws -> Message? {
        switch name {
        case "Options":
            return .options(
                extensions: json["extensions"].array.map(\.string), ack: flag(json["ack"]))
        case "Status":
            guard let uploading = flag(json["uploading"]),
                let downloading = flag(json["downloading"])
            else { return nil }
            return .status(uploading: uploading, downloading: downloading)
        case "Have":
            return .have(
                start: json["start"].uint64, length: json["length"].uint64OrNil,
                bitfield: optionalBytes(json["bitfield"]), ack: flag(json["ack"]))
        case "Unhave":
            return .unhave(start: json["start"].uint64, length: json["length"].uint64OrNil)
        case "Want", "Unwant":
            guard let length = json["length"].uint64OrNil else { return nil }
            return name == "Want"
                ? .want(start: json["start"].uint64, length: length)
                : .unwant(start: json["start"].uint64, length: length)
        case "Request", "Cancel":
            guard let bytes = json["bytes"].uint64OrNil else { return nil }
            let index = json["index"].uint64
            let hash = json["hash"].bool
            return name == "Request"
                ? .request(index: index, bytes: bytes, hash: hash, nodes: json["nodes"].uint64)
                : .cancel(index: index, bytes: bytes, hash: hash)
        case "Data": return try data(json)
        default: return nil
        }
    }

    private func data(_ json: JSON) throws -> Message {
        .data(
            index: json["index"].uint64, value: optionalBytes(json["value"]),
            nodes: try json["nodes"].array.map {
                WireNode(
                    index: $0["index"].uint64,
                    hash: try #require(Bytes32(hex: $0["hash"]["hex"].string)),
                    size: $0["size"].uint64)
            },
            signature: optionalBytes(json["signature"]))
    }

    @Test func recordedFramesAreTakenApartAndPutTogether() throws {
        for json in fixture["frames"].array {
            let raw = try #require([UInt8](hex: json["frame"].string))
            let body = try #require([UInt8](hex: json["body"].string))
            let frames = try PlainFrame.all([raw])
            #expect(
                frames == [
                    PlainFrame(
                        channel: json["channel"].uint64, type: UInt8(json["type"].int), body: body)
                ])
            var writer = FrameWriter()
            let type = try #require(MessageType(rawValue: UInt8(json["type"].int)))
            writer.append(type, channel: json["channel"].uint64, size: body.count) { $0 += body }
            #expect(writer.take() == raw)
        }
        #expect(fixture["frames"].array.count == 39)
    }

    @Test func recordedMessagesAreDecodedAndEncoded() throws {
        var encoded = 0
        for json in fixture["frames"].array {
            let name = json["name"].string
            let body = try #require([UInt8](hex: json["body"].string))
            let frame = PlainFrame(
                channel: json["channel"].uint64, type: UInt8(json["type"].int), body: body)
            // What was set, and what the reference makes of it with its defaults.
            if let message = try message(name, json["message"]) {
                #expect(try frame.message() == message, "\(name)")
                #expect(try message.wire.serializedBytes() == body, "\(name)")
                encoded += 1
            }
            guard !["Open", "Close", "Extension"].contains(name) else { continue }
            #expect(
                try frame.message().withDefaults
                    == message(name, json["decoded"])?.withDefaults, "\(name)")
        }
        #expect(encoded > 25)
    }

    @Test func recordedOpensAndClosesAreDecoded() throws {
        for json in fixture["frames"].array {
            let body = try #require([UInt8](hex: json["body"].string))
            let message = json["message"]
            let key = optionalBytes(message["discoveryKey"]).flatMap { DiscoveryKey($0) }
            try body.withUnsafeBytes { body in
                switch json["name"].string {
                case "Open":
                    let open = try OpenBody.decode(body)
                    #expect(open.discoveryKey == key)
                    #expect(open.capability?.bytes == optionalBytes(message["capability"]))
                case "Close":
                    #expect(try CloseBody.decode(body) == key)
                default: break
                }
            }
        }
    }

    @Test func oddBodiesAreTakenOrRefusedAsTheSpecificationSays() throws {
        let types: [String: MessageType] = ["Have": .have, "Status": .status, "Request": .request]
        for json in fixture["decode"].array {
            let why = Comment(rawValue: json["why"].string)
            let type = try #require(types[json["name"].string])
            let frame = PlainFrame(
                channel: 1, type: type.rawValue,
                body: try #require([UInt8](hex: json["body"].string)))
            if json["robust"].string == "accept" {
                let expected = try message(json["name"].string, json["decoded"])
                #expect(try frame.message().withDefaults == expected?.withDefaults, why)
            } else {
                #expect(throws: SessionError.self, why) { try frame.message() }
            }
        }
        #expect(fixture["decode"].array.count == 13)
    }

    @Test(arguments: [
        ("index over 2^53-1", 7, "0880808080808080 10"), ("nine bytes", 7, "08ffffffffffffffff01"),
        ("field 0", 2, "0001"), ("end of group", 3, "08030c"), ("wire type 6", 3, "080326"),
        ("fixed instead of bytes", 3, "08031d00000000"),
        ("unknown fixed cut short", 3, "080349aabb"),
        ("bitfield in the middle of a byte", 3, "0804101010001a0102"),
        ("names that are not UTF-8", 1, "0a02c328"), ("number instead of name", 1, "0801"),
        ("hash answer without nodes", 9, "0803"), ("short signature", 9, "080012002201aa"),
        ("short hash", 9, "080012001a0608021202aabb"), ("node without size", 9, "080012001a020802"),
        ("node runs past its end", 9, "080012001a030802122000"),
    ])
    func hostileBodiesAreRefused(why: String, type: UInt8, hex: String) throws {
        let body = try #require([UInt8](hex: hex.replacing(" ", with: "")))
        #expect(throws: SessionError.self, Comment(rawValue: why)) {
            try PlainFrame(channel: 1, type: type, body: body).message()
        }
    }

    @Test func aHashAnswerStartsWithItsLeaf() throws {
        let node = WireNode(index: 6, hash: Bytes32(), size: 1)
        for (index, isGood) in [(UInt64(3), true), (2, false), (6, false)] {
            let message = Message.data(index: index, value: nil, nodes: [node], signature: nil)
            let frame = PlainFrame(
                channel: 1, type: 9, body: try message.wire.serializedBytes())
            #expect((try? frame.message()) == (isGood ? message : nil))
        }
    }

    @Test func aProofHasAtMost128Nodes() throws {
        let node = WireNode(index: 2, hash: Bytes32(), size: 1)
        for count in [128, 129] {
            let message = Message.data(
                index: 1, value: [1], nodes: Array(repeating: node, count: count), signature: nil)
            let frame = PlainFrame(
                channel: 1, type: 9, body: try message.wire.serializedBytes())
            #expect((try? frame.message()) == (count == 128 ? message : nil))
        }
    }

    @Test func extensionNamesAreSortedUniqueAndFew() throws {
        #expect(ExtensionList(sorting: ["b", "a", "b", ""]).names == ["", "a", "b"])
        // A surrogate pair sorts before U+FF5E in UTF-16, behind it in UTF-8.
        #expect(
            ExtensionList(sorting: ["\u{ff5e}", "\u{1f600}"]).names == ["\u{1f600}", "\u{ff5e}"])
        // One character to a person, two names on the wire.
        #expect(ExtensionList(sorting: ["\u{e9}", "e\u{301}"]).names.count == 2)
        #expect(ExtensionList(sorting: ["\u{e9}"]).number(of: "e\u{301}") == nil)
        #expect(throws: SessionError.self) { try ExtensionList(remote: ["b", "a"]) }
        #expect(throws: SessionError.self) { try ExtensionList(remote: ["a", "a"]) }
        let many = (0...256).map { String(format: "%03d", $0) }
        #expect(throws: SessionError.self) { try ExtensionList.checked(many) }
        #expect(throws: SessionError.self) {
            try ExtensionList.checked([String(repeating: "x", count: 257)])
        }
    }
}

extension Message {
    /// With the defaults of the schema where the sender left something out.
    var withDefaults: Message {
        switch self {
        case .options(let extensions, let ack): .options(extensions: extensions, ack: ack ?? false)
        case .have(let start, let length, let bitfield, let ack):
            .have(start: start, length: length ?? 1, bitfield: bitfield, ack: ack ?? false)
        case .unhave(let start, let length): .unhave(start: start, length: length ?? 1)
        default: self
        }
    }
}
