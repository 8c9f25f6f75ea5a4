import HyperCrypto
import TestSupport

@testable import Replication

/// Two sessions of ours and the wire between them.
final class SessionPair {
    enum Side: Int, CaseIterable {
        case a
        case b

        var other: Side { self == .a ? .b : .a }
    }

    var sessions: [Session]
    /// What has happened on each side.
    var events: [[Session.Event]] = [[], []]
    /// Bytes under way to each side.
    var wire: [[UInt8]] = [[], []]
    var random: SeededRandom
    var now = start

    init(
        _ random: SeededRandom, encrypted: Bool = true, handshake: Bool = true,
        configure: (inout Session.Configuration) -> Void = { _ in }
    ) {
        self.random = random
        sessions = []
        for side in Side.allCases {
            var configuration = Session.Configuration(
                staticKey: NoiseKeyPair(random: &self.random))
            configuration.encrypted = encrypted
            configuration.handshake = handshake
            configure(&configuration)
            sessions.append(
                Session(
                    initiator: side == .a, configuration: configuration, random: &self.random,
                    now: start))
        }
    }

    subscript(side: Side) -> Session {
        get { sessions[side.rawValue] }
        _modify { yield &sessions[side.rawValue] }
    }

    /// Delivers one random piece to one side.
    func step(
        to side: Side, handle: (inout Session, Session.Event) throws -> Void = { _, _ in }
    ) throws {
        wire[side.rawValue] += self[side.other].takeOutput()
        let chunk = randomChunks(wire[side.rawValue], &random).first ?? []
        wire[side.rawValue].removeFirst(chunk.count)
        var heard: [Session.Event] = []
        try self[side].receive(chunk, at: now) {
            heard.append($1)
            try handle(&$0, $1)
        }
        events[side.rawValue] += heard
    }

    /// Delivers everything in random pieces until both are silent.
    func settle(
        handle: (inout Session, Session.Event) throws -> Void = { _, _ in }
    ) throws {
        repeat {
            try step(to: random.next() & 1 == 0 ? .a : .b, handle: handle)
        } while !wire.allSatisfy(\.isEmpty) || sessions.contains { $0.writer.count > 0 }
        // An event that is left comes with the next call, empty as it may be.
        for side in Side.allCases { try step(to: side, handle: handle) }
    }

    func open(_ side: Side, _ key: PublicKey, extensions: [String]) throws -> Session.ChannelID {
        try self[side].open(key, extensions: extensions)
    }

    func send(_ side: Side, _ message: Message, on channel: Session.ChannelID) -> Bool {
        self[side].send(message, on: channel)
    }

    func send(
        _ side: Side, extension name: String, payload: [UInt8], on channel: Session.ChannelID
    ) -> Bool {
        self[side].send(extension: name, payload: payload, on: channel)
    }

    func messages(_ side: Side) -> [Message] {
        events[side.rawValue].compactMap {
            if case .message(_, let message) = $0 { message } else { nil }
        }
    }

    func opened(_ side: Side) -> [Session.ChannelID] {
        events[side.rawValue].compactMap { if case .opened(let id) = $0 { id } else { nil } }
    }

    func closed(_ side: Side) -> [Session.ChannelID] {
        events[side.rawValue].compactMap { if case .closed(let id) = $0 { id } else { nil } }
    }

    func strangers(_ side: Side) -> [DiscoveryKey] {
        events[side.rawValue].compactMap {
            if case .unknownDiscoveryKey(let key) = $0 { key } else { nil }
        }
    }

    func extensionMessages(_ side: Side) -> [String] {
        events[side.rawValue].compactMap {
            if case .extension(let channel, let name, let payload) = $0 {
                "\(channel.raw) \(name) \(String(decoding: payload, as: UTF8.self))"
            } else {
                nil
            }
        }
    }
}
