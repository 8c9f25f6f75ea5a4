import HyperCrypto
import TestSupport
import Testing

@testable import Replication

/// The recorded sessions of the reference, one side ours.
@Suite(.timeLimit(.minutes(1)))
struct SessionReplayTests {
    /// What a recorded side says, read by us: frames as messages, with our number of the channel.
    fileprivate struct Heard: Equatable {
        var messages: [Message] = []
        var opened = 0
        var closed = 0
        var extensions: [String] = []
    }

    @Test(arguments: RecordedSession.names)
    func handshakeAndCipherGiveTheRecordedBytes(name: String) throws {
        let recorded = try RecordedSession(name)
        for (side, other) in recorded.bothWays {
            var session = try recorded.session(side)
            var output = session.takeOutput()
            // The other side's handshake, if the recording got that far.
            try? session.receive(Array(other.raw.prefix(other.handshakeLength)))
            output += session.takeOutput()
            if session.isEstablished {
                for bytes in side.frames {
                    guard let frame = try PlainFrame.all([bytes]).first else {
                        session.writer.appendKeepAlive()
                        continue
                    }
                    let type = try #require(MessageType(rawValue: frame.type))
                    session.writer.append(type, channel: frame.channel, size: frame.body.count) {
                        $0 += frame.body
                    }
                }
                output += session.takeOutput()
                if let key = side.json["tx"].stringOrNil {
                    #expect(session.handshakeHash?.hex == recorded.json["handshakeHash"].string)
                    let keys = try #require(session.keys)
                    #expect(keys.tx.withUnsafeBytes { $0.hex } == key)
                    #expect(keys.rx.withUnsafeBytes { $0.hex } == side.json["rx"].string)
                }
            }
            // The initiator of `refused2` had no answer for the responder, whom it refused.
            let refused = name == "refused2" && side.isInitiator
            #expect(Array(output.prefix(refused ? side.raw.count : .max)) == side.raw)
        }
    }

    @Test(arguments: RecordedSession.names)
    func recordedBytesMeanTheSameHoweverTheyAreCut(name: String) throws {
        let recorded = try RecordedSession(name)
        var random = SeededRandom.announced()
        for (side, other) in recorded.bothWays where !other.frames.isEmpty && name != "badcap" {
            let expected = try expectation(recorded, other)
            for chunks in [
                other.chunks, [other.raw], other.raw.map { [$0] }, randomChunks(other.raw, &random),
            ] {
                var session = try recorded.session(side)
                for key in recorded.keys where name != "badcap2" || other.isInitiator {
                    try session.open(key, extensions: [])
                }
                var heard = Heard()
                for chunk in chunks {
                    for event in try session.events(chunk) { heard.add(event) }
                }
                #expect(heard == expected)
            }
        }
    }

    /// What the frames of a side say to somebody who has all feeds open.
    private func expectation(
        _ recorded: RecordedSession, _ side: RecordedSession.Side
    ) throws -> Heard {
        var heard = Heard()
        var names: [UInt64: [String]] = [:]
        var open: Set<UInt64> = [0]
        for frame in try PlainFrame.all(side.frames) {
            switch frame.type {
            case 0:
                open.insert(frame.channel)
                let key = try frame.body.withUnsafeBytes { try OpenBody.decode($0) }.discoveryKey
                if recorded.key(key) != nil, recorded.name != "badcap2" { heard.opened += 1 }
            case 10:
                heard.closed += open.remove(frame.channel) == nil && frame.body.isEmpty ? 0 : 1
            case 15:
                let name = try #require(names[frame.channel])[Int(frame.body[0])]
                heard.extensions.append(name + " " + frame.body.dropFirst().hex)
            default:
                let message = try frame.message()
                if case .options(let list, _) = message { names[frame.channel] = list }
                if open.contains(frame.channel) { heard.messages.append(message) }
            }
        }
        if recorded.name == "badcap2" { heard.closed = side.isInitiator ? 1 : 0 }
        return heard
    }
}

extension RecordedSession {
    var bothWays: [(Side, Side)] { [(initiator, responder), (responder, initiator)] }
}

extension SessionReplayTests.Heard {
    fileprivate mutating func add(_ event: Session.Event) {
        switch event {
        case .message(_, let message): messages.append(message)
        case .opened: opened += 1
        case .closed: closed += 1
        case .extension(_, let name, let payload): extensions.append(name + " " + payload.hex)
        case .established, .unknownDiscoveryKey, .extensions: break
        }
    }
}
