import HyperCrypto
import SwiftProtobuf
import TestSupport
import Testing
import WireMessages

/// The generated code reads what the reference wrote and writes the same bytes again, so the
/// schemas in `protos/` have the right numbers, types and order.
@Suite(.timeLimit(.minutes(1)))
struct RoundTripTests {
    private func check<M: SwiftProtobuf.Message>(_ type: M.Type, _ texts: [JSON]) throws {
        try #require(!texts.isEmpty)
        for text in texts {
            let bytes = try #require([UInt8](hex: text.string))
            let message = try M(serializedBytes: bytes)
            let again: [UInt8] = try message.serializedBytes()
            #expect(again == bytes)
            #expect(message.unknownFields.data.isEmpty)
        }
    }

    @Test func statsMountsAndHeaders() throws {
        let messages = try Fixtures.json("hyperdrive/drives/messages.json")
        try check(Drive_Stat.self, messages["stats"].array.map { $0["bytes"] })
        try check(Trie_MountRecord.self, messages["mountRecords"].array.map { $0["bytes"] })
        try check(Trie_Header.self, messages["headers"].array.map { $0["bytes"] })
    }

    @Test func trieNodesAndExtensionMessages() throws {
        let feed = try Fixtures.json("hyperdrive/hypertrie/feed-nested.json")
        try check(Trie_Node.self, Array(feed["blocks"].array.dropFirst()))
        let messages = try Fixtures.json("hyperdrive/hypertrie/extension-messages.json")
        try check(Trie_Extension.self, messages["encodings"].array.map { $0["bytes"] })
    }

    @Test(arguments: 0...10)
    func feedMessages(type: Int) throws {
        let frames = try Fixtures.json("hypercore/messages.json")["frames"].array
        let bodies = frames.filter { $0["type"] == .integer(Int64(type)) }
            .map { $0["body"] }
        switch type {
        case 0: try check(Wire_Open.self, bodies)
        case 1: try check(Wire_Options.self, bodies)
        case 2: try check(Wire_Status.self, bodies)
        case 3: try check(Wire_Have.self, bodies)
        case 4: try check(Wire_Unhave.self, bodies)
        case 5: try check(Wire_Want.self, bodies)
        case 6: try check(Wire_Unwant.self, bodies)
        case 7: try check(Wire_Request.self, bodies)
        case 8: try check(Wire_Cancel.self, bodies)
        case 9: try check(Wire_Data.self, bodies)
        default: try check(Wire_Close.self, bodies)
        }
    }
}
