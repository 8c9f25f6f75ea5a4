import Foundation
import HyperCrypto
import TestSupport
import Testing
import WireMessages

@testable import Replication

/// A peer that does not play by the rules.
@Suite(.timeLimit(.minutes(1)))
struct SessionHostileTests {
    let feed = PublicKey(Blake2b.hash32(Array("a feed".utf8)))

    /// A session without handshake, to say anything to.
    private func plainSession(open keys: [PublicKey] = []) throws -> Session {
        let pair = SessionPair(.announced(), encrypted: false, handshake: false)
        var session = pair[.a]
        for key in keys { try session.open(key, extensions: []) }
        _ = session.takeOutput()
        return session
    }

    private func open(_ channel: UInt64, _ key: DiscoveryKey) throws -> [UInt8] {
        var open = Wire_Open()
        open.discoveryKey = Data(key.raw.bytes)
        return PlainFrame(channel: channel, type: 0, body: try open.serializedBytes()).bytes
    }

    private func close(_ channel: UInt64, _ key: DiscoveryKey? = nil) throws -> [UInt8] {
        var close = Wire_Close()
        if let key { close.discoveryKey = Data(key.raw.bytes) }
        return PlainFrame(channel: channel, type: 10, body: try close.serializedBytes()).bytes
    }

    private func key(_ number: Int) -> DiscoveryKey {
        DiscoveryKey(Blake2b.hash32(Array("\(number)".utf8)))
    }

    private func code(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return (error as? SessionError)?.code ?? "\(error)" }
        return nil
    }

    @Test func aSecondOpenOfANumberOrAFeedEndsTheConnection() throws {
        for (first, second) in [
            (try open(1, feed.discoveryKey), try open(1, key(2))),
            (try open(1, feed.discoveryKey), try open(2, feed.discoveryKey)),
            (try open(1, key(1)), try open(2, key(1))),
            (try open(1, key(1)), try open(1, feed.discoveryKey)),
            (try open(1, key(1)), try open(0, key(2))),
        ] {
            var session = try plainSession(open: [feed])
            try session.receive(first)
            #expect(code { try session.receive(second) } == "channel")
        }
    }

    @Test func keysOfTheWrongLengthEndTheConnection() throws {
        for body in ["0a021122", "", "0a20" + String(repeating: "11", count: 32) + "120133"] {
            var session = try plainSession()
            let frame = PlainFrame(channel: 1, type: 0, body: [UInt8](hex: body)!)
            #expect(code { try session.receive(frame.bytes) } == "message")
        }
        var session = try plainSession()
        let frame = PlainFrame(channel: 1, type: 10, body: [0x0a, 1, 1])
        #expect(code { try session.receive(frame.bytes) } == "message")
    }

    @Test func anExtensionWithoutNumberEndsTheConnectionAndAnUnknownOneDoesNot() throws {
        var session = try plainSession()
        try session.receive(PlainFrame(channel: 0, type: 15, body: [7, 1, 2]).bytes)
        #expect(session.dropped == 1)
        let empty = PlainFrame(channel: 0, type: 15, body: []).bytes
        #expect(code { try session.receive(empty) } == "message")
    }

    @Test func unsortedExtensionNamesEndTheConnection() throws {
        var session = try plainSession()
        let options = Message.options(extensions: ["b", "a"], ack: nil).wire
        let frame = PlainFrame(channel: 0, type: 1, body: try options.serializedBytes())
        #expect(code { try session.receive(frame.bytes) } == "message")
    }

    @Test func unknownTypesAndCrossedClosesAreNothing() throws {
        var session = try plainSession(open: [feed])
        try session.receive(try open(1, feed.discoveryKey))
        for type in UInt8(11)...14 {
            try session.receive(PlainFrame(channel: 1, type: type, body: [1, 2, 3]).bytes)
        }
        try session.receive(try close(9))
        try session.receive(try close(9, key(5)))
        #expect(session.channelCount == 1)
        // A refusal under a number of its own takes the channel away.
        try session.receive(try close(9, feed.discoveryKey))
        #expect(session.channelCount == 0)
        #expect(session.table.bindingCount == 0)
        #expect(session.takeOutput() == (try close(1)))
    }

    @Test func messagesForNobodyAreCountedAndAFloodOfThemEndsTheConnection() throws {
        var session = try plainSession(open: [feed])
        let stray = PlainFrame(channel: 7, type: 5, body: [8, 0, 16, 0]).bytes
        let welcome = PlainFrame(channel: 1, type: 5, body: [8, 0, 16, 0]).bytes
        try session.receive(try open(1, feed.discoveryKey))
        // Without limit as long as as many are welcome.
        for _ in 0..<SessionLimits.dropped * 2 { try session.receive(stray + welcome) }
        for _ in 0..<SessionLimits.dropped { try session.receive(stray) }
        #expect(code { try session.receive(stray) } == "flood")
    }

    @Test func feedsThatWeDoNotKnowAreRememberedUpToALimitAndThenRefused() throws {
        var session = try plainSession()
        var seen = 0
        for number in 1...SessionLimits.strangers + 10 {
            try session.receive(try open(UInt64(number), key(number))) { _, event in
                if case .unknownDiscoveryKey = event { seen += 1 }
            }
        }
        #expect(seen == SessionLimits.strangers + 10)
        #expect(session.table.strangerCount == SessionLimits.strangers)
        #expect(session.table.bindingCount == SessionLimits.strangers)
        let output = try PlainFrame.all([session.takeOutput()])
        #expect(output.count == 10)
        #expect(output.allSatisfy { $0.type == 10 && $0.body.count == 34 })
    }

    @Test func noMoreThan4096ChannelsAreOpen() throws {
        var session = try plainSession()
        let keys = (0...SessionLimits.channels).map {
            PublicKey(Blake2b.hash32(Array("feed \($0)".utf8)))
        }
        for (number, key) in keys.dropLast().enumerated() {
            try session.open(key, extensions: [])
            try session.receive(try open(UInt64(number + 1), key.discoveryKey))
        }
        #expect(session.channelCount == SessionLimits.channels)
        let last = keys[SessionLimits.channels]
        #expect(code { try session.open(last, extensions: []) } == "misuse")
        #expect(code { try session.receive(try open(9999, last.discoveryKey)) } == "flood")
    }

    @Test func answersToAPeerThatDoesNotReadAreBounded() throws {
        var session = try plainSession(open: [feed])
        try session.receive(try open(1, feed.discoveryKey))
        let block = Message.data(
            index: 0, value: [UInt8](repeating: 1, count: 8_000_000), nodes: [], signature: nil)
        for _ in 0..<9 { session.send(block, on: session.channels[0]) }
        #expect(session.queuedBytes > 70_000_000)
        #expect(code { try session.receive([0]) } == "flood")
    }

    @Test func aClaimedLengthAllocatesNothing() throws {
        var session = try plainSession()
        var length: [UInt8] = []
        Varint.append(8 << 20, to: &length)
        try session.receive(length + [0x19, 1, 2, 3])
        #expect(session.reader.count == length.count + 4)
        #expect(session.reader.capacity < 1000)
    }

    @Test func blocksThatDoNotFitAFrameAreNotSent() throws {
        var session = try plainSession(open: [feed])
        try session.receive(try open(1, feed.discoveryKey))
        let channel = session.channels[0]
        for (count, fits) in [(8_388_600, true), (8_388_603, false)] {
            let value = [UInt8](repeating: 1, count: count)
            let isSent = session.send(
                .data(index: 0, value: value, nodes: [], signature: nil), on: channel)
            #expect(isSent == fits)
        }
        #expect(try PlainFrame.all([session.takeOutput()]).count == 1)
    }

    @Test(arguments: [
        "0100", "1f" + String(repeating: "00", count: 31), "808004", "ffffffffffffffff",
    ])
    func handshakeMessagesOfImpossibleLengthsEndTheConnection(hex: String) throws {
        let pair = SessionPair(.announced())
        for chunks in [[[UInt8](hex: hex)!], [UInt8](hex: hex)!.map { [$0] }] {
            var session = pair[.b]
            #expect(
                code { for chunk in chunks { try session.receive(chunk) } } == "handshake")
        }
    }

    @Test(arguments: ["", "0a17" + String(repeating: "11", count: 23), "0a", "1218", "0818"])
    func aHandshakeWithoutAProperNonceFails(payload: String) throws {
        var random = SeededRandom.announced()
        let pair = SessionPair(random)
        var noise = NoiseHandshake(
            initiator: true, staticKey: NoiseKeyPair(random: &random), random: &random)
        func framed(_ message: [UInt8]) -> [UInt8] { [UInt8(message.count)] + message }
        let bytes = try #require([UInt8](hex: payload))
        try pair[.b].receive(framed(try noise.writeMessage(payload: bytes)))
        _ = try noise.readMessage(Array(pair[.b].takeOutput().dropFirst()))
        let last = framed(try noise.writeMessage(payload: bytes))
        #expect(code { try pair[.b].receive(last) } == "handshake")
    }
}
