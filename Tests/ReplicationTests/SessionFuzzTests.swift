import HyperCrypto
import TestSupport
import Testing

@testable import Replication

/// Damaged recordings: whatever comes, a session goes on or throws, and its memory is bounded.
/// Nothing protects the frames (section 2), so any of this can happen on a bad day.
@Suite(.timeLimit(.minutes(1)))
struct SessionFuzzTests {
    private func play(
        _ recorded: RecordedSession, _ side: RecordedSession.Side, _ chunks: [[UInt8]]
    ) throws -> Session {
        var session = try recorded.session(side)
        for key in recorded.keys { try session.open(key, extensions: ["hyperbee"]) }
        for chunk in chunks {
            do {
                try session.receive(chunk) { session, event in
                    // An owner that reacts to everything.
                    switch event {
                    case .unknownDiscoveryKey(let key): session.refuse(key)
                    case .opened(let id): session.send(.want(start: 0, length: 8192), on: id)
                    case .message(let id, let message): session.send(message, on: id)
                    case .extension(let id, let name, let payload):
                        session.send(extension: name, payload: payload, on: id)
                    default: break
                    }
                }
            } catch {
                break
            }
        }
        #expect(session.table.count <= recorded.keys.count)
        #expect(session.table.bindingCount <= SessionLimits.channels)
        #expect(session.reader.count <= chunks.reduce(0) { $0 + $1.count })
        return session
    }

    @Test(arguments: ["plain", "noencrypt", "streamext", "live"])
    func everyPrefixIsFine(name: String) throws {
        let recorded = try RecordedSession(name)
        for (side, other) in recorded.bothWays {
            for count in other.raw.indices {
                let session = try play(recorded, side, [Array(other.raw[..<count])])
                #expect(session.failure == nil)
            }
        }
    }

    @Test(arguments: ["plain", "noencrypt", "live", "bee", "multi"])
    func flippedBytesCrashNothing(name: String) throws {
        let recorded = try RecordedSession(name)
        var random = SeededRandom.announced()
        var survived = 0
        for (side, other) in recorded.bothWays {
            for _ in 0..<60 {
                var bytes = other.raw
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let i = Int.random(in: bytes.indices, using: &random)
                    bytes[i] ^= UInt8.random(in: 1...255, using: &random)
                }
                let session = try play(recorded, side, randomChunks(bytes, &random))
                survived += session.failure == nil ? 1 : 0
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
        for _ in 0..<150 {
            let bytes = (0..<40).flatMap { _ -> [UInt8] in
                guard var frame = try? PlainFrame.all([frames.randomElement(using: &random)!]).first
                else { return [0] }
                if random.next() % 4 == 0 { frame.channel = random.next() % 4 }
                if random.next() % 8 == 0 { frame.type = UInt8(random.next() % 16) }
                return frame.bytes
            }
            _ = try play(plain, plain.responder, [bytes])
        }
    }
}
