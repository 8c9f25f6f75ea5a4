import HyperCrypto
import TestSupport
import Testing

/// One side of a recorded session: its keys, its payload, and what it sent.
struct NoiseSide {
    let staticKey: NoiseKeyPair
    let ephemeralKey: NoiseKeyPair
    let nonce: [UInt8]
    let raw: [UInt8]
    let frames: [UInt8]
    let json: JSON

    init(_ json: JSON) throws {
        self.json = json
        staticKey = NoiseKeyPair(
            secretKey: try #require(Bytes32(hex: json["staticSecretKey"].string)))
        ephemeralKey = NoiseKeyPair(
            secretKey: try #require(Bytes32(hex: json["ephemeralSecretKey"].string)))
        nonce = try #require([UInt8](hex: json["nonce"].string))
        raw = try #require([UInt8](hex: json["raw"].string))
        frames = try json["frames"].array.flatMap { try #require([UInt8](hex: $0.string)) }
    }

    /// The protobuf around the nonce (docs/spec/hypercore-protocol.md section 1.3).
    var payload: [UInt8] { [0x0a, 0x18] + nonce }

    func handshake(initiator: Bool) -> NoiseHandshake {
        NoiseHandshake(initiator: initiator, staticKey: staticKey, ephemeralKey: ephemeralKey)
    }
}

/// Two sides of a recorded session.
struct NoiseSession {
    let name: String
    let json: JSON
    let initiator: NoiseSide
    let responder: NoiseSide

    init(_ name: String) throws {
        self.name = name
        json = try Fixtures.json("hypercore/sessions/\(name).json")
        initiator = try NoiseSide(json["initiator"])
        responder = try NoiseSide(json["responder"])
    }

    static let complete = [
        "ack", "badcap", "badcap2", "bee", "full", "live", "multi", "noencrypt", "partial",
        "refused", "seek", "streamext", "swap",
    ]
}
