import HyperCrypto
import TestSupport
import Testing

@testable import Replication

@Suite(.timeLimit(.minutes(1)))
struct SessionTimeTests {
    private func after(_ seconds: Double) -> ContinuousClock.Instant {
        start.advanced(by: .seconds(seconds))
    }

    private func established(_ timeout: Duration = .seconds(20)) throws -> SessionPair {
        let pair = SessionPair(.announced()) { $0.timeout = timeout }
        try pair.settle()
        return pair
    }

    @Test func anIdleConnectionLivesOnKeepAlives() throws {
        let pair = try established()
        for second in 1...100 {
            pair.now = after(Double(second))
            for side in SessionPair.Side.allCases {
                let deadline = try #require(pair[side].nextDeadline)
                if deadline <= pair.now { try pair[side].tick(now: pair.now) }
            }
            try pair.settle()
        }
        // One byte each 10 seconds, and nothing heard of it.
        #expect(pair[.a].bytesSent == UInt64(59 + 91 + 10))
        #expect(pair[.b].bytesReceived == pair[.a].bytesSent)
    }

    @Test func silenceEndsAConnectionWhenTheTimeIsUpAndNotBefore() throws {
        let pair = try established()
        try pair[.a].tick(now: after(19.9))
        #expect(pair[.a].nextDeadline == after(20))
        #expect(throws: SessionError.self) { try pair[.a].tick(now: after(20)) }
        #expect(throws: SessionError.self) { try pair[.a].receive([0], at: self.after(20)) }
        #expect(pair[.a].nextDeadline == nil)
    }

    @Test func whatIsSentPutsTheKeepAliveOff() throws {
        let pair = try established()
        #expect(pair[.a].nextDeadline == after(10))
        try pair[.a].receive([], at: after(7))
        pair[.a].setExtensions(["x"], on: .connection)
        #expect(pair.send(.a, extension: "x", payload: [], on: .connection))
        #expect(pair[.a].nextDeadline == after(17))
    }

    @Test func aKeepAliveIsNotPutBehindWhatIsQueued() throws {
        let pair = try established()
        pair[.a].setExtensions(["x"], on: .connection)
        #expect(pair.send(.a, extension: "x", payload: [], on: .connection))
        let queued = pair[.a].queuedBytes
        try pair[.a].tick(now: after(11))
        #expect(pair[.a].queuedBytes == queued)
    }

    @Test func withoutTimeoutOnlyTheHandshakeHasADeadline() throws {
        let pair = SessionPair(.announced()) { $0.timeout = .zero }
        #expect(pair[.a].nextDeadline == after(20))
        let silent = pair[.b]
        try pair.settle()
        #expect(pair[.a].nextDeadline == nil)
        try pair[.a].tick(now: after(100_000))
        var copy = silent
        try copy.tick(now: after(19))
        #expect(throws: SessionError.self) { try copy.tick(now: self.after(20)) }
    }

    @Test func dribblingDoesNotStretchTheHandshake() throws {
        let pair = SessionPair(.announced())
        let output = pair[.a].takeOutput()
        for (second, byte) in output.prefix(19).enumerated() {
            try pair[.b].receive([byte], at: after(Double(second)))
            try pair[.b].tick(now: after(Double(second)))
        }
        #expect(pair[.b].nextDeadline == after(20))
        #expect(throws: SessionError.self) { try pair[.b].tick(now: self.after(20)) }
    }

    @Test func withoutHandshakeThereIsNoHandshakeToWaitFor() throws {
        let pair = SessionPair(.announced(), encrypted: false, handshake: false)
        #expect(pair[.a].isEstablished)
        #expect(pair[.a].nextDeadline == after(10))
        try pair[.a].tick(now: after(10))
        #expect(pair[.a].takeOutput() == [0])
    }
}
