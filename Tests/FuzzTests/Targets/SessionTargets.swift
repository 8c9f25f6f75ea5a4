import HyperCrypto
import Hypercore
import TestSupport

@testable import Replication

extension FuzzTarget {
    static let sessionTargets: [FuzzTarget] = [message, session, replicator]

    private static func recorded(_ side: String) throws -> [[UInt8]] {
        try Fixtures.json("hypercore/sessions/plain.json")[side]["frames"].array
            .compactMap { [UInt8](hex: $0.string) }
    }

    /// A frame's type and body.
    private static let message = FuzzTarget("message") {
        try (recorded("initiator") + recorded("responder")).map { frame in
            // Short frames: one byte of length, one of header.
            guard frame.count > 1, frame[0] < 0x80 else { return [0] }
            return [frame[1] & 15] + frame.dropFirst(2)
        }
    } body: { input in
        guard let type = MessageType(rawValue: input.byte() & 15) else { return }
        let body = input.rest()
        try body.withUnsafeBytes { body in
            switch type {
            case .open: _ = try OpenBody.decode(body)
            case .close: _ = try CloseBody.decode(body)
            case .extension: break
            default:
                let message = try Message.decode(type, body)
                check(message.type == type, "a message keeps its type")
            }
        }
    }

    /// A whole connection without encryption, with an owner that reacts to everything.
    private static let session = FuzzTarget("session") {
        try ["initiator", "responder"].map { side in
            try recorded(side).flatMap { FuzzInput.piece($0) }
        }
    } body: { input in
        var random = SeededRandom(seed: 1)
        let now = ContinuousClock.now
        var session = Session(
            initiator: false, configuration: plain, random: &random, now: now)
        try session.open(feedKey, extensions: ["a", "hypertrie"])
        while !input.isEmpty {
            let chunk = input.piece()
            try chunk.withUnsafeBytes { chunk in
                try session.receive(chunk, now: now) { session, event in
                    switch event {
                    case .unknownDiscoveryKey(let key): session.refuse(key)
                    case .opened(let id): session.send(.want(start: 0, length: 8192), on: id)
                    case .message(let id, let message): session.send(message, on: id)
                    case .extension(let id, let name, let payload):
                        session.send(extension: name, payload: payload, on: id)
                    case .established, .closed, .extensions: break
                    }
                }
            }
            check(session.channelCount <= 1, "a remote opens nothing here")
            check(session.queuedBytes <= 64 << 20, "a remote cannot make us queue for ever")
        }
    }

    private static var plain: Session.Configuration {
        var configuration = Session.Configuration(
            staticKey: NoiseKeyPair(seed: Blake2b.hash32([2])))
        configuration.encrypted = false
        configuration.handshake = false
        return configuration
    }

    private static let feedKey: PublicKey = {
        let json = try? Fixtures.json("hypercore/sessions/plain.json")
        return PublicKey(hex: json?["feeds"][0]["key"].string ?? "") ?? PublicKey(Bytes32())
    }()

    /// A node that serves one feed and follows another, and a peer that says anything.
    private static let replicator = FuzzTarget("replicator") {
        try ["initiator", "responder"].flatMap { side -> [[UInt8]] in
            let pieces: [UInt8] = try recorded(side).flatMap { FuzzInput.piece($0) + [0] }
            return [[0] + pieces, [1] + pieces]
        }
    } body: { input in
        let node = FuzzNode(configuration: plain)
        defer { node.end() }
        let isWriter = input.byte() & 1 == 1
        let feed =
            isWriter
            ? try Feed(storage: MemoryStorage(), keyPair: KeyPair(seed: Blake2b.hash32([5])))
            : try Feed(storage: MemoryStorage(), key: feedKey)
        if isWriter { try feed.append((0..<5).map { [UInt8](repeating: $0, count: 20) }) }
        node.serve(feed)
        let peer = node.replicator.connected(initiator: false)
        node.replicator.follow(feed)
        node.settle()
        while !input.isEmpty, node.isConnected {
            let chunk = input.piece()
            chunk.withUnsafeBytes { node.replicator.received($0, from: peer) }
            node.settle()
            node.pass(.milliseconds(20 * Int(input.byte())))
        }
        node.replicator.disconnected(peer)
        node.settle()
        check(node.sentBytes <= 256 << 20, "a remote cannot make us send for ever")
    }
}
