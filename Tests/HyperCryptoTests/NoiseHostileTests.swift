import HyperCrypto
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct NoiseHostileTests {
    /// Both sides and the messages of a good handshake.
    private struct Pair {
        var a: NoiseHandshake
        var b: NoiseHandshake

        init(seed: UInt64 = 7) {
            var random = SeededRandom(seed: seed)
            a = NoiseHandshake(
                initiator: true, staticKey: NoiseKeyPair(random: &random), random: &random)
            b = NoiseHandshake(
                initiator: false, staticKey: NoiseKeyPair(random: &random), random: &random)
        }

        /// Goes on until `count` messages have been read, and writes the next.
        mutating func message(after count: Int) throws -> [UInt8] {
            var message = try a.writeMessage(payload: [1])
            for index in 0..<count {
                if index % 2 == 0 {
                    _ = try b.readMessage(message)
                    message = try b.writeMessage(payload: [2])
                } else {
                    _ = try a.readMessage(message)
                    message = try a.writeMessage(payload: [3])
                }
            }
            return message
        }

        mutating func read(_ message: [UInt8], after count: Int) throws -> [UInt8] {
            count % 2 == 0 ? try b.readMessage(message) : try a.readMessage(message)
        }
    }

    @Test(arguments: [0, 1, 2])
    func aMessageCutShortAnywhereIsRefused(_ count: Int) throws {
        var pair = Pair()
        let message = try pair.message(after: count)
        // The first message's payload is not sealed, so only its key can be cut.
        for length in 0..<(count == 0 ? 32 : message.count) {
            var victim = pair
            #expect(throws: NoiseError.self) {
                try victim.read(Array(message[..<length]), after: count)
            }
        }
    }

    @Test(arguments: [1, 2])
    func aFlippedBitAnywhereIsRefused(_ count: Int) throws {
        var pair = Pair()
        let message = try pair.message(after: count)
        for index in message.indices {
            // The highest bit of a bare public key is not part of the key's value, but is hashed.
            var victim = pair
            var damaged = message
            damaged[index] ^= UInt8(1) << UInt8(index % 8)
            #expect(throws: NoiseError.self) { try victim.read(damaged, after: count) }
        }
    }

    @Test func aFirstMessageChangedOnItsWayIsNoticedByTheInitiator() throws {
        var pair = Pair()
        var first = try pair.a.writeMessage(payload: [1, 2, 3])
        first[34] ^= 1
        _ = try pair.b.readMessage(first)
        let second = try pair.b.writeMessage(payload: [])
        #expect(throws: NoiseError.forged) { try pair.a.readMessage(second) }
    }

    @Test func keysThatProtectNothingAreRefused() throws {
        // Points of small order on Curve25519: 0, 1, p - 1, p, p + 1 and one of order 8.
        let points = [
            String(repeating: "00", count: 32),
            "01" + String(repeating: "00", count: 31),
            "ec" + String(repeating: "ff", count: 30) + "7f",
            "ed" + String(repeating: "ff", count: 30) + "7f",
            "ee" + String(repeating: "ff", count: 30) + "7f",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        ]
        for point in points {
            var pair = Pair()
            let key = try #require([UInt8](hex: point))
            _ = try pair.b.readMessage(key)
            #expect(throws: NoiseError.weakKey) { try pair.b.writeMessage(payload: []) }
            #expect(throws: NoiseError.failed) { try pair.b.writeMessage(payload: []) }
            #expect(!pair.b.isComplete)

            _ = try pair.a.writeMessage(payload: [])
            let second = key + [UInt8](repeating: 0, count: 90)
            #expect(throws: NoiseError.weakKey) { try pair.a.readMessage(second) }
        }
    }

    @Test func messagesOverTheLimitAreNeitherWrittenNorRead() throws {
        let limit = 65535
        var pair = Pair()
        let full = try pair.a.writeMessage(payload: [UInt8](repeating: 1, count: limit - 32))
        #expect(full.count == limit)
        var other = Pair()
        #expect(throws: NoiseError.tooLong) {
            try other.a.writeMessage(payload: [UInt8](repeating: 1, count: limit - 31))
        }
        #expect(throws: NoiseError.tooLong) { try other.b.readMessage(full + [0]) }
        #expect(try pair.b.readMessage(full).count == limit - 32)
    }

    @Test func nobodySpeaksOutOfTurn() throws {
        var pair = Pair()
        #expect(pair.a.isWriting && !pair.b.isWriting)
        #expect(throws: NoiseError.outOfTurn) { try pair.b.writeMessage(payload: []) }
        // Asking to write too early is a slip of the caller and does no harm.
        let first = try pair.a.writeMessage(payload: [])
        #expect(throws: NoiseError.outOfTurn) { try pair.a.writeMessage(payload: []) }
        _ = try pair.b.readMessage(first)
        // A remote that speaks out of turn is dropped.
        #expect(throws: NoiseError.outOfTurn) { try pair.b.readMessage(first) }
        #expect(throws: NoiseError.failed) { try pair.b.writeMessage(payload: []) }
    }

    @Test func aFinishedHandshakeTakesNothingMore() throws {
        var pair = Pair()
        let third = try pair.message(after: 2)
        _ = try pair.b.readMessage(third)
        #expect(pair.a.isComplete && pair.b.isComplete)
        var late = pair.b
        #expect(throws: NoiseError.outOfTurn) { try late.readMessage(third) }
        #expect(throws: NoiseError.outOfTurn) { try pair.a.writeMessage(payload: []) }
    }

    @Test func randomBytesNeverPassForAMessage() throws {
        var random = SeededRandom.announced()
        for _ in 0..<100 {
            var pair = Pair()
            _ = try pair.a.writeMessage(payload: [])
            let noise = random.bytes(Int(random.next() % 300))
            #expect(throws: NoiseError.self) { try pair.a.readMessage(noise) }
        }
    }

    @Test func aRemoteWithoutTheStaticSecretCannotFinish() throws {
        // The thief claims the victim's public key but must mix with a secret of its own.
        var pair = Pair(seed: 1)
        var thief = Pair(seed: 2)
        let first = try pair.a.writeMessage(payload: [])
        _ = try pair.b.readMessage(first)
        _ = try thief.b.readMessage(first)
        let second = try pair.b.writeMessage(payload: [])
        let forged = Array(second[..<32]) + (try thief.b.writeMessage(payload: []))[32...]
        #expect(throws: NoiseError.forged) { try pair.a.readMessage(forged) }
    }
}
