import HyperCrypto
import TestSupport
import Testing

@testable import Replication

/// Plays one side of each recorded session through the public calls: what we are asked to say must
/// come out as the reference said it, and what follows by itself (answers, lists) likewise.
@Suite(.timeLimit(.minutes(1)))
struct SessionScriptTests {
    @Test(
        arguments: RecordedSession.names.filter { !["badcap", "refused", "refused2"].contains($0) })
    func eachSideSaysWhatTheReferenceSaid(name: String) throws {
        let recorded = try RecordedSession(name)
        for (side, other) in recorded.bothWays {
            // Its capability was forged: ours never is.
            if name == "badcap2", !side.isInitiator { continue }
            var script = try Script(recorded, side, other)
            try script.play()
            #expect(script.output == side.raw, "\(name)")
        }
    }

    @Test func aWrongCapabilityForAnOpenFeedEndsTheConnection() throws {
        let recorded = try RecordedSession("badcap")
        var session = try recorded.session(recorded.initiator)
        try session.open(recorded.keys[0], extensions: [])
        // Now, and whenever it is asked again.
        for bytes in [recorded.responder.raw, [0]] {
            let error = #expect(throws: SessionError.self) { try session.receive(bytes) }
            #expect(error?.code == "capability")
        }
        #expect(session.takeOutput() == recorded.initiator.raw)
    }

    @Test(arguments: ["refused", "refused2"])
    func aRefusedKeyEndsTheConnectionWithoutAWord(name: String) throws {
        let recorded = try RecordedSession(name)
        let (side, other) =
            name == "refused"
            ? (recorded.responder, recorded.initiator) : (recorded.initiator, recorded.responder)
        let key = try #require(Bytes32(hex: other.json["staticPublicKey"].string))
        var session = try recorded.session(side) { $0.authenticate = { $0 != key } }
        #expect(throws: SessionError.self) { try session.receive(other.raw) }
        #expect(session.takeOutput() == side.raw)
        // Somebody else would have been welcome.
        var welcome = try recorded.session(side) { $0.authenticate = { $0 == key } }
        try welcome.receive(other.raw)
        #expect(welcome.isEstablished && welcome.remoteKey == key)
    }
}

/// One side of a recording.
private struct Script {
    let recorded: RecordedSession
    let side: RecordedSession.Side
    var session: Session
    var incoming: ArraySlice<UInt8>
    var output: [UInt8] = []
    /// Bytes that the side had sent by now.
    var expected = 0
    /// Frames that the side had sent by now.
    var said = 0
    var now = start

    init(
        _ recorded: RecordedSession, _ side: RecordedSession.Side, _ other: RecordedSession.Side
    ) throws {
        self.recorded = recorded
        self.side = side
        session = try recorded.session(side)
        incoming = other.raw[...]
    }

    mutating func play() throws {
        for event in recorded.json["events"].array {
            guard let from = event["from"].stringOrNil else { continue }
            // Large frames are not written out in the list of events.
            let handshake = try #require([UInt8](hex: event["handshake"].string))
            let count = handshake.count + event["frameLength"].int
            if (from == "i") == side.isInitiator {
                expected += count
                output += session.takeOutput()
                // It came by itself, or we are to say it.
                if output.count < expected { try say(side.frames[said]) }
                output += session.takeOutput()
                said += handshake.isEmpty ? 1 : 0
            } else {
                try session.receive(Array(incoming.prefix(count)), at: now)
                incoming = incoming.dropFirst(count)
            }
        }
        #expect(incoming.isEmpty)
    }

    private mutating func say(_ bytes: [UInt8]) throws {
        guard let frame = try PlainFrame.all([bytes]).first else {
            now = now.advanced(by: .seconds(10))
            return try session.tick(now: now)
        }
        let channel = Session.ChannelID(raw: frame.channel)
        switch frame.type {
        case 0:
            let open = try frame.body.withUnsafeBytes { try OpenBody.decode($0) }
            let key = try #require(recorded.key(open.discoveryKey))
            #expect(try session.open(key, extensions: []) == channel)
        case 10:
            guard let key = try frame.body.withUnsafeBytes({ try CloseBody.decode($0) }) else {
                return session.close(channel)
            }
            guard recorded.name == "badcap2" else { return session.refuse(key) }
            let feed = try #require(recorded.key(key))
            #expect(throws: SessionError.self) { try session.open(feed, extensions: []) }
            #expect(session.channelCount == 0)
        case 15:
            let lists =
                frame.channel == 0
                ? session.connectionExtensions : session.table[channel]?.extensions
            let name = try #require(lists?.own.name(UInt64(frame.body[0])))
            let isSent = session.send(
                extension: name, payload: Array(frame.body.dropFirst()), on: channel)
            #expect(isSent)
        default:
            let message = try frame.message()
            if frame.channel == 0, case .options(let names, _) = message {
                session.setExtensions(names, on: .connection)
            } else {
                let isSent = session.send(message, on: channel)
                #expect(isSent, "\(message)")
            }
        }
    }
}
