import HyperCrypto
import TestSupport
import Testing

@testable import Replication

/// Damaged recordings: whatever comes, a session goes on or throws, and its memory is bounded.
/// Nothing protects the frames (section 2), so any of this can happen on a bad day.
@Suite(.timeLimit(.minutes(1)))
struct SessionFuzzTests {
    /// A session of one side that has heard the other's handshake. Copies of it may be played
    /// with, as long as nobody listens to them.
    private func established(
        _ recorded: RecordedSession, _ side: RecordedSession.Side, _ other: RecordedSession.Side
    ) throws -> Session {
        var session = try recorded.session(side)
        for key in recorded.keys { try session.open(key, extensions: ["hyperbee"]) }
        try session.receive(Array(other.raw[..<other.handshakeLength]))
        return session
    }

    /// Goes on with a session until it throws. Its owner reacts to everything.
    private func play(_ original: Session, _ chunks: [[UInt8]]) -> Session {
        var session = original
        let channels = session.table.count
        for chunk in chunks where session.failure == nil {
            try? session.receive(chunk) { session, event in
                switch event {
                case .unknownDiscoveryKey(let key): session.refuse(key)
                case .opened(let id): session.send(.want(start: 0, length: 8192), on: id)
                case .message(let id, let message): session.send(message, on: id)
                case .extension(let id, let name, let payload):
                    session.send(extension: name, payload: payload, on: id)
                default: break
                }
            }
        }
        #expect(session.table.count <= channels)
        #expect(session.table.bindingCount <= SessionLimits.channels)
        #expect(session.reader.count <= chunks.reduce(0) { $0 + $1.count })
        return session
    }

    @Test(arguments: ["plain", "noencrypt", "streamext", "live"])
    func everyPrefixIsFine(name: String) throws {
        let recorded = try RecordedSession(name)
        for (side, other) in recorded.bothWays {
            let session = try established(recorded, side, other)
            let rest = Array(other.raw[other.handshakeLength...])
            for count in rest.indices {
                #expect(play(session, [Array(rest[..<count])]).failure == nil)
            }
        }
    }

    @Test func everyPrefixOfAHandshakeIsFineAndEveryFlipInItIsFatal() throws {
        let recorded = try RecordedSession("streamext")
        for (side, other) in recorded.bothWays {
            let session = try recorded.session(side)
            let bytes = Array(other.raw[..<other.handshakeLength])
            for count in stride(from: 0, to: bytes.count, by: 5) {
                #expect(play(session, [Array(bytes[..<count])]).failure == nil)
                var flipped = bytes
                flipped[count] ^= 1
                #expect(!play(session, [flipped]).isEstablished)
            }
        }
    }

    @Test(arguments: ["plain", "noencrypt", "live", "bee", "multi"])
    func flippedBytesCrashNothing(name: String) throws {
        let recorded = try RecordedSession(name)
        var random = SeededRandom.announced()
        var survived = 0
        for (side, other) in recorded.bothWays {
            let session = try established(recorded, side, other)
            for _ in 0..<60 {
                var bytes = Array(other.raw[other.handshakeLength...])
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let i = Int.random(in: bytes.indices, using: &random)
                    bytes[i] ^= UInt8.random(in: 1...255, using: &random)
                }
                let result = play(session, randomChunks(bytes, &random))
                survived += result.failure == nil ? 1 : 0
            }
        }
        #expect(survived < 120)
    }

    @Test func framesInAnyOrderCrashNothing() throws {
        var random = SeededRandom.announced()
        let names = ["plain", "live", "multi", "bee", "ack"]
        let frames = try names.flatMap { name in
            let recorded = try RecordedSession(name)
            return recorded.initiator.frames + recorded.responder.frames
        }
        let plain = try RecordedSession("plain")
        let session = try established(plain, plain.responder, plain.initiator)
        for _ in 0..<150 {
            let bytes = (0..<40).flatMap { _ -> [UInt8] in
                guard var frame = try? PlainFrame.all([frames.randomElement(using: &random)!]).first
                else { return [0] }
                if random.next() % 4 == 0 { frame.channel = random.next() % 4 }
                if random.next() % 8 == 0 { frame.type = UInt8(random.next() % 16) }
                return frame.bytes
            }
            _ = play(session, [bytes])
        }
    }
}
