import HyperCrypto
import TestSupport
import Testing

@testable import Replication

/// Two sessions of ours talk, cut at random.
@Suite(.timeLimit(.minutes(1)))
struct SessionPairTests {
    let feed = PublicKey(Blake2b.hash32(Array("a feed".utf8)))
    let other = PublicKey(Blake2b.hash32(Array("another".utf8)))

    /// The three modes of section 7.
    static let modes = [(true, true), (false, true), (false, false)]

    @Test(arguments: modes)
    func feedsOpenOnBothSidesAndMessagesArrive(encrypted: Bool, handshake: Bool) throws {
        let pair = SessionPair(.announced(), encrypted: encrypted, handshake: handshake)
        let a = try pair.open(.a, feed, extensions: [])
        let b = try pair.open(.b, feed, extensions: [])
        #expect(!pair.send(.a, .want(start: 0, length: 8), on: a))
        try pair.settle()
        #expect(pair.opened(.a) == [a])
        #expect(pair.opened(.b) == [b])
        var sent: [Message] = []
        for _ in 0..<40 {
            let message = Message.data(
                index: pair.random.next() >> 12,
                value: pair.random.bytes(Int(pair.random.next() % 70_000) / 16), nodes: [],
                signature: nil)
            sent.append(message)
            #expect(pair.send(.a, message, on: a))
            #expect(pair.send(.b, .request(index: 1, bytes: 0, hash: true, nodes: 3), on: b))
            try pair.step(to: .b)
        }
        try pair.settle()
        #expect(pair.messages(.b) == sent)
        #expect(pair.messages(.a).count == 40)
        if handshake {
            #expect(pair[.a].handshakeHash == pair[.b].handshakeHash)
            #expect(pair[.a].handshakeHash?.count == 64)
        }
    }

    @Test func aFeedThatTheRemoteOpenedFirstIsJoinedNowOrLater() throws {
        let pair = SessionPair(.announced(), handshake: true)
        let a = try pair.open(.a, feed, extensions: ["x"])
        try pair.settle()
        #expect(pair.strangers(.b) == [feed.discoveryKey])
        #expect(!pair[.a].isOpen(a))
        // Later, outside of receive.
        let b = try pair.open(.b, feed, extensions: ["y", "x"])
        #expect(pair[.b].isOpen(b))
        #expect(pair[.b].channel(for: feed.discoveryKey) == b)
        try pair.settle()
        #expect(pair.opened(.b) == [b])
        #expect(pair.opened(.a) == [a])
        // At once, while the event is handled.
        _ = try pair.open(.b, other, extensions: [])
        let key = other
        try pair.settle { session, event in
            if case .unknownDiscoveryKey = event { try session.open(key, extensions: []) }
        }
        #expect(pair.opened(.a).count == 2)
        #expect(pair.opened(.b).count == 2)
    }

    @Test func aChannelThatIsClosedAtOnceIsNotReportedAsOpened() throws {
        let pair = SessionPair(.announced())
        _ = try pair.open(.a, feed, extensions: [])
        try pair.settle()
        let b = try pair.open(.b, feed, extensions: [])
        pair[.b].close(b)
        try pair.settle()
        #expect(pair.opened(.b).isEmpty)
        #expect(pair[.a].channelCount == 0)
    }

    @Test func aClosedFeedOpensAgainUnderFreshNumbers() throws {
        let pair = SessionPair(.announced())
        let a = try pair.open(.a, feed, extensions: [])
        let b = try pair.open(.b, feed, extensions: [])
        try pair.settle()
        pair[.a].close(a)
        #expect(pair[.a].channelCount == 0)
        try pair.settle()
        #expect(pair.closed(.b) == [b])
        #expect(pair.closed(.a).isEmpty)
        #expect(pair[.b].channelCount == 0)
        #expect(!pair.send(.b, .want(start: 0, length: 0), on: b))
        let again = try pair.open(.a, feed, extensions: [])
        #expect(again != a)
        try pair.settle()
        _ = try pair.open(.b, feed, extensions: [])
        try pair.settle()
        #expect(pair[.a].isOpen(again))
        #expect(pair[.a].table.bindingCount == 1)
    }

    @Test func closingOnBothSidesAtOnceLeavesNothing() throws {
        let pair = SessionPair(.announced())
        let a = try pair.open(.a, feed, extensions: [])
        let b = try pair.open(.b, feed, extensions: [])
        try pair.settle()
        pair[.a].close(a)
        pair[.b].close(b)
        // And open again before the other's Close is here.
        let again = try pair.open(.a, feed, extensions: [])
        try pair.settle()
        #expect(pair[.b].table.strangerCount == 1)
        _ = try pair.open(.b, feed, extensions: [])
        try pair.settle()
        #expect(pair[.a].isOpen(again))
        #expect(pair.closed(.a).isEmpty && pair.closed(.b).isEmpty)
    }

    @Test func aRefusedFeedIsClosedOnTheSideThatOpenedIt() throws {
        let pair = SessionPair(.announced())
        let a = try pair.open(.a, feed, extensions: [])
        try pair.settle { session, event in
            if case .unknownDiscoveryKey(let key) = event { session.refuse(key) }
        }
        #expect(pair.closed(.a) == [a])
        #expect(pair[.a].channelCount == 0)
        #expect(pair[.b].table.bindingCount == 0)
        // The refusal has used up a number.
        #expect(try pair.open(.b, feed, extensions: []).raw == 2)
    }

    @Test func extensionsAreFoundByNameWhateverTheirNumbers() throws {
        let pair = SessionPair(.announced())
        let a = try pair.open(.a, feed, extensions: ["b", "a"])
        let b = try pair.open(.b, feed, extensions: ["c", "b"])
        try pair.settle()
        #expect(pair.send(.a, extension: "b", payload: Array("one".utf8), on: a))
        #expect(!pair.send(.a, extension: "c", payload: [], on: a))
        pair[.a].setExtensions(["z", "b", "a", "0"], on: a)
        #expect(pair.send(.a, extension: "b", payload: Array("two".utf8), on: a))
        #expect(pair.send(.a, extension: "z", payload: [], on: a))
        pair[.a].setExtensions(["b"], on: a)
        #expect(pair.send(.a, extension: "b", payload: Array("three".utf8), on: a))
        try pair.settle()
        #expect(pair.extensionMessages(.b) == ["1 b one", "1 b two", "1 z ", "1 b three"])
        #expect(b.raw == 1)
    }

    @Test func extensionsOfTheConnectionNeedNoFeed() throws {
        let pair = SessionPair(.announced())
        pair[.a].setExtensions(["hello"], on: .connection)
        pair[.b].setExtensions(["hello", "aaa"], on: .connection)
        #expect(pair.send(.a, extension: "hello", payload: Array("hi".utf8), on: .connection))
        try pair.settle()
        #expect(pair.send(.b, extension: "hello", payload: Array("back".utf8), on: .connection))
        try pair.settle()
        #expect(pair.extensionMessages(.b) == ["0 hello hi"])
        #expect(pair.extensionMessages(.a) == ["0 hello back"])
    }

    @Test func anErrorOfTheOwnerEndsTheSession() throws {
        struct Refused: Error {}
        let pair = SessionPair(.announced())
        _ = try pair.open(.a, feed, extensions: [])
        #expect(throws: Refused.self) {
            try pair.settle { _, event in
                if case .unknownDiscoveryKey = event { throw Refused() }
            }
        }
        #expect(throws: Refused.self) { try pair[.b].receive([0]) }
        #expect(pair[.b].nextDeadline == nil)
    }

    @Test func anOpenBeforeTheHandshakeMayBeTakenBack() throws {
        let pair = SessionPair(.announced())
        let a = try pair.open(.a, feed, extensions: [])
        let kept = try pair.open(.a, other, extensions: [])
        pair[.a].close(a)
        try pair.settle()
        #expect(pair.strangers(.b) == [other.discoveryKey])
        #expect(pair[.a].channels == [kept])
        #expect(pair[.a].key(of: kept) == other)
    }
}
