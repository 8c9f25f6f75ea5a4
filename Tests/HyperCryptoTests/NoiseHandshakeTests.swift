import TestSupport
import Testing

@testable import HyperCrypto

@Suite(.timeLimit(.minutes(1)))
struct NoiseHandshakeTests {
    @Test(arguments: NoiseSession.complete)
    func aRecordedHandshakeIsRecreatedByteForByte(_ name: String) throws {
        let session = try NoiseSession(name)
        var a = session.initiator.handshake(initiator: true)
        var b = session.responder.handshake(initiator: false)

        let first = try a.writeMessage(payload: session.initiator.payload)
        #expect(try b.readMessage(first) == session.initiator.payload)
        let second = try b.writeMessage(payload: session.responder.payload)
        #expect(try a.readMessage(second) == session.responder.payload)
        let third = try a.writeMessage(payload: session.initiator.payload)
        #expect(try b.readMessage(third) == session.initiator.payload)

        let fromA = [UInt8(first.count)] + first + [UInt8(third.count)] + third
        #expect(session.initiator.raw.starts(with: fromA))
        #expect(session.responder.raw.starts(with: [UInt8(second.count)] + second))

        #expect(a.isComplete && b.isComplete)
        #expect(a.hash.hex == session.json["handshakeHash"].string)
        #expect(b.hash == a.hash)
        #expect(a.remoteStaticKey?.hex == session.responder.json["staticPublicKey"].string)
        #expect(b.remoteStaticKey?.hex == session.initiator.json["staticPublicKey"].string)
        let keys = a.split()
        #expect(keys.tx.withUnsafeBytes { $0.hex } == session.initiator.json["tx"].string)
        #expect(keys.rx.withUnsafeBytes { $0.hex } == session.initiator.json["rx"].string)
        let mirrored = b.split()
        #expect(mirrored.tx.withUnsafeBytes { $0.hex } == keys.rx.withUnsafeBytes { $0.hex })
        #expect(mirrored.rx.withUnsafeBytes { $0.hex } == keys.tx.withUnsafeBytes { $0.hex })
    }

    @Test(arguments: NoiseSession.complete.filter { $0 != "noencrypt" && $0 != "refused" })
    func whatFollowsAHandshakeIsTheEncryptionOfTheFrames(_ name: String) throws {
        let session = try NoiseSession(name)
        var random = SeededRandom.announced()
        for side in [session.initiator, session.responder] {
            let key = try #require([UInt8](hex: side.json["tx"].string))
            var stream = XSalsa20Stream(
                key: SecureBytes(count: 32) { $0.copyBytes(from: key) }, nonce: side.nonce)
            var encrypted: [UInt8] = []
            var rest = side.frames[...]
            while !rest.isEmpty {
                var piece = Array(rest.prefix(1 + Int(random.next() % 200)))
                rest = rest.dropFirst(piece.count)
                stream.xor(&piece)
                encrypted += piece
            }
            #expect(!encrypted.isEmpty)
            #expect(encrypted.elementsEqual(side.raw.suffix(encrypted.count)))
            #expect(stream.position == UInt64(side.frames.count))
        }
    }

    @Test func theRunningStateGoesThroughTheRecordedSteps() throws {
        let session = try NoiseSession("full")
        var a = session.initiator.handshake(initiator: true)
        var b = session.responder.handshake(initiator: false)
        let steps = try vectors("hypercore/noise.json", "steps")
        try check(a.symmetric, against: steps[1])
        try check(b.symmetric, against: steps[3])
        let first = try a.writeMessage(payload: session.initiator.payload)
        try check(a.symmetric, against: steps[5])
        _ = try b.readMessage(first)
        try check(b.symmetric, against: steps[7])
        let second = try b.writeMessage(payload: session.responder.payload)
        try check(b.symmetric, against: steps[12])
        _ = try a.readMessage(second)
        try check(a.symmetric, against: steps[17])
        let third = try a.writeMessage(payload: session.initiator.payload)
        try check(a.symmetric, against: steps[20])
        _ = try b.readMessage(third)
        try check(b.symmetric, against: steps[23])
    }

    private func check(_ state: SymmetricState, against step: JSON) throws {
        #expect(state.hash.hex == step["h"].string)
        #expect(state.chainingKey.withUnsafeBytes { $0.hex } == step["chainingKey"].string)
        let noKey = String(repeating: "0", count: 64)
        #expect((state.cipher?.keyHex ?? noKey) == step["k"].string)
    }

    @Test func capabilitiesAreTheRecordedOnes() throws {
        for vector in try vectors("hypercore/noise.json", "capabilities") {
            let tx = try #require([UInt8](hex: vector["tx"].string))
            let rx = try #require([UInt8](hex: vector["rx"].string))
            let keys = TransportKeys(
                tx: SecureBytes(count: 32) { $0.copyBytes(from: tx) },
                rx: SecureBytes(count: 32) { $0.copyBytes(from: rx) })
            let feed = try #require(PublicKey(hex: vector["key"].string))
            let sent = Capability.sent(for: feed, keys: keys)
            #expect(sent.hex == vector["capability"].string)
            let remote = try #require(Bytes32(hex: vector["remoteCapability"].string))
            #expect(Capability.isValid(remote, for: feed, keys: keys))
            // One's own must not pass when it is mirrored back.
            #expect(!Capability.isValid(sent, for: feed, keys: keys))
            #expect(!Capability.isValid(Bytes32(), for: feed, keys: keys))
            let other = PublicKey(Bytes32())
            #expect(!Capability.isValid(remote, for: other, keys: keys))
        }
    }
}
