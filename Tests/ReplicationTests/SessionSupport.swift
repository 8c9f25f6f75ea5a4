import HyperCrypto
import TestSupport
import Testing

@testable import Replication

/// A session recorded between two peers of the reference (Tests/Fixtures/hypercore/sessions).
struct RecordedSession: CustomTestStringConvertible, Sendable {
    static let names = [
        "full", "swap", "live", "multi", "badcap", "badcap2", "noencrypt", "plain", "ack",
        "partial",
        "seek", "streamext", "refused", "bee", "refused2",
    ]

    struct Side: Sendable {
        let isInitiator: Bool
        let json: JSON
        let raw: [UInt8]
        /// Plain frames in the order of sending.
        let frames: [[UInt8]]

        init(_ json: JSON, isInitiator: Bool) throws {
            self.isInitiator = isInitiator
            self.json = json
            raw = try #require([UInt8](hex: json["raw"].string))
            frames = try json["frames"].array.map { try #require([UInt8](hex: $0.string)) }
        }

        var chunks: [[UInt8]] {
            var rest = raw[...]
            return json["chunkLengths"].array.map { length in
                defer { rest = rest.dropFirst(length.int) }
                return Array(rest.prefix(length.int))
            }
        }

        /// Bytes of the handshake at the start of `raw`.
        var handshakeLength: Int { raw.count - frames.reduce(0) { $0 + $1.count } }
    }

    let name: String
    let json: JSON
    let initiator: Side
    let responder: Side

    init(_ name: String) throws {
        self.name = name
        json = try Fixtures.json("hypercore/sessions/\(name).json")
        initiator = try Side(json["initiator"], isInitiator: true)
        responder = try Side(json["responder"], isInitiator: false)
    }

    var testDescription: String { name }
    var encrypted: Bool { name != "plain" && name != "noencrypt" }
    var handshake: Bool { name != "plain" }
    var keys: [PublicKey] { json["feeds"].array.compactMap { PublicKey(hex: $0["key"].string) } }

    func key(_ discoveryKey: DiscoveryKey) -> PublicKey? {
        keys.first { $0.discoveryKey == discoveryKey }
    }

    /// Our session with the secrets of one of the peers.
    func session(
        _ side: Side, configure: (inout Session.Configuration) -> Void = { _ in }
    ) throws -> Session {
        let secret = try #require(Bytes32(hex: side.json["staticSecretKey"].string))
        var configuration = Session.Configuration(staticKey: NoiseKeyPair(secretKey: secret))
        configuration.encrypted = encrypted
        configuration.handshake = handshake
        configure(&configuration)
        var random = RecordedRandom(
            try #require([UInt8](hex: side.json["ephemeralSecretKey"].string))
                + (try #require([UInt8](hex: side.json["nonce"].string))))
        return Session(
            initiator: side.isInitiator, configuration: configuration, random: &random, now: start)
    }
}

/// A random source that gives what was written down.
struct RecordedRandom: RandomSource {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        precondition(buffer.count <= bytes.count, "asked for more than was recorded")
        buffer.copyBytes(from: bytes.prefix(buffer.count))
        bytes = bytes.dropFirst(buffer.count)
    }
}

/// When every test begins.
let start = ContinuousClock.now

extension Session {
    /// Receives an array, always at the same time.
    mutating func receive(
        _ bytes: [UInt8], at now: ContinuousClock.Instant = start,
        handle: (inout Session, Event) throws -> Void = { _, _ in }
    ) throws {
        try bytes.withUnsafeBytes { try receive($0, now: now, handle: handle) }
    }

    /// Receives an array and lists what happened.
    mutating func events(
        _ bytes: [UInt8], at now: ContinuousClock.Instant = start
    ) throws -> [Event] {
        var events: [Event] = []
        try receive(bytes, at: now) { events.append($1) }
        return events
    }
}

/// Cuts bytes at random places.
func randomChunks(_ bytes: [UInt8], _ random: inout SeededRandom) -> [[UInt8]] {
    var chunks: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        let longest = [1, 3, 70, 5000][Int(random.next() % 4)]
        let count = Int.random(in: 1...longest, using: &random)
        chunks.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
    }
    return chunks
}

/// One frame, taken apart.
struct PlainFrame: Equatable {
    var channel: UInt64
    var type: UInt8
    var body: [UInt8]

    init(channel: UInt64, type: UInt8, body: [UInt8]) {
        self.channel = channel
        self.type = type
        self.body = body
    }

    /// All complete frames in some bytes.
    static func all(_ chunks: [[UInt8]]) throws -> [PlainFrame] {
        var reader = FrameReader()
        var frames: [PlainFrame] = []
        for chunk in chunks {
            chunk.withUnsafeBytes { reader.append($0) }
            while let frame = try reader.next() {
                frames.append(
                    PlainFrame(
                        channel: frame.channel, type: frame.type,
                        body: reader.withBody(of: frame) { Array($0) }))
            }
        }
        return frames
    }

    var bytes: [UInt8] {
        var header: [UInt8] = []
        Varint.append(channel << 4 | UInt64(type), to: &header)
        var bytes: [UInt8] = []
        Varint.append(UInt64(header.count + body.count), to: &bytes)
        return bytes + header + body
    }

    /// As a feed message.
    func message() throws -> Message {
        let type = try #require(MessageType(rawValue: type))
        return try body.withUnsafeBytes { try Message.decode(type, $0) }
    }
}
