import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

/// Vectors of the DHT as our values.
enum DHTFixtures {
    static let start = NIODeadline.uptimeNanoseconds(5_000_000_000)

    static func bytes(_ json: JSON) -> [UInt8]? {
        json.stringOrNil.flatMap { [UInt8](hex: $0) }
    }

    static func address(_ json: JSON) -> DHTAddress? {
        bytes(json).flatMap { DHTAddress(exactly: $0) }
    }

    static func key(_ hex: String) throws -> DHTKey {
        DHTKey(try #require(Bytes32(hex: hex)))
    }

    static func message(_ fields: JSON) throws -> DHTMessage {
        let kind = try #require(DHTMessage.Kind(rawValue: UInt8(fields["type"].int)))
        var message = DHTMessage(kind, rid: UInt16(fields["rid"].int))
        message.version = fields["version"].uint64OrNil
        message.to = address(fields["to"])
        message.id = try fields["id"].stringOrNil.map { try key($0) }
        message.target = try fields["target"].stringOrNil.map { try key($0) }
        message.closerNodes = bytes(fields["closerNodes"])
        message.roundtripToken = bytes(fields["roundtripToken"])
        message.command = fields["command"].stringOrNil
        message.error = fields["error"].stringOrNil
        message.value = bytes(fields["value"])
        return message
    }

    static func decode(_ bytes: [UInt8]) throws -> DHTMessage {
        try bytes.withUnsafeBytes { try DHTMessage(decoding: $0) }
    }

    static func endpoint(_ text: String) -> Endpoint {
        Endpoint(text) ?? Endpoint(ip: .v4(0), port: 0)
    }
}
