import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

/// libutp's recorded conversations, with one end replaced by ours.
@Suite(.timeLimit(.minutes(1)))
struct UTPTraceTests {
    /// What our end did.
    private struct Replay {
        var received: [UInt8] = []
        var sent: [(header: UTPHeader, bits: [UInt8], payload: [UInt8])] = []
        var opened = 0
        var ended = 0
        var failures: [UTPError?] = []

        mutating func collect(_ socket: UTPSocket) -> UTPConnection? {
            socket.takeOutbox().forEach { _, bytes in
                guard let packet = UTPPacket(bytes) else { return }
                let bits = packet.selectiveAck.map(Array.init) ?? []
                sent.append((packet.header, bits, Array(packet.payload)))
            }
            var latest: UTPConnection?
            for (connection, news) in socket.takeNews() {
                latest = connection
                if news.contains(.opened) { opened += 1 }
                if news.contains(.received) { received += connection.takeReceived() }
                if news.contains(.ended) { ended += 1 }
                if news.contains(.closed) { failures.append(connection.failure) }
            }
            return latest
        }
    }

    private func replay(_ trace: UTPTrace, asInitiator: Bool) throws -> Replay {
        var replay = Replay()
        let socket = UTPSocket(random: try random(for: trace, asInitiator: asInitiator))
        let remote = asInitiator ? UTPTrace.acceptor : UTPTrace.initiator
        var connection: UTPConnection?
        var said = Set<SequenceNumber>()
        let begin = try #require(trace.packets.first).time
        if asInitiator {
            connection = socket.dial(remote, now: begin)
            socket.flush(now: begin)
        }
        let steps = trace.packets.sorted { $0.key(asInitiator) < $1.key(asInitiator) }
        for step in steps {
            let now = step.key(asInitiator)
            while let due = socket.nextDeadline, due <= now {
                socket.tick(now: due)
                connection = replay.collect(socket) ?? connection
            }
            if step.isFromInitiator == asInitiator {
                // What their end said for the first time, ours says as well.
                let header = try step.header
                let isNew = header.kind != .state && said.insert(header.sequence).inserted
                guard isNew, !step.isInjected, let connection else { continue }
                connection.answersEnd = false
                if header.kind == .data { connection.write(ByteBuffer(bytes: try step.payload)) }
                if header.kind == .end { connection.finish() }
                socket.touch(connection)
            } else if !step.isDropped {
                for _ in 0..<(step.isDuplicated ? 2 : 1) {
                    step.bytes.withUnsafeBytes { socket.receive($0, from: remote, now: now) }
                }
            }
            socket.flush(now: now)
            connection = replay.collect(socket) ?? connection
        }
        let end = NIODeadline.uptimeNanoseconds(200_000_000_000)
        while let due = socket.nextDeadline, due <= end {
            socket.tick(now: due)
            _ = replay.collect(socket)
        }
        #expect(socket.count == 0, "everything is forgotten in the end")
        return replay
    }

    /// Draws the numbers that libutp drew.
    private func random(for trace: UTPTrace, asInitiator: Bool) throws -> DrawnNumbers {
        let secret = [UInt64](repeating: 7, count: 32)
        let first = try #require(trace.packets.first { $0.isFromInitiator == asInitiator }).header
        let own = UInt64(first.sequence.value)
        guard asInitiator else { return DrawnNumbers(numbers: secret + [own]) }
        return DrawnNumbers(numbers: secret + [UInt64(first.connectionID), own, 999, 999])
    }

    @Test(arguments: [
        "bulk", "clean", "close", "finloss", "halfopen", "idle", "lossy", "reorder", "rto",
        "synloss",
    ])
    func weReceiveWhatLibutpSends(name: String) throws {
        let trace = try UTPTrace(name)
        let replay = try replay(trace, asInitiator: false)
        #expect(replay.opened == 1)
        #expect(replay.ended == 1)
        #expect(replay.received == (try Self.stream(trace, fromInitiator: true)))
        let end = try #require(trace.event("server end"))
        if let digest = end["sha256"].stringOrNil {
            #expect(replay.received.count == end["bytes"].int)
            #expect(SHA256.hex(replay.received) == digest)
        }
        try expectHonestAcknowledgments(replay, trace)
        try expectSaid(replay, trace, fromInitiator: false)
        let last = try #require(trace.packets.last { $0.isFromInitiator && !$0.isDropped }).header
        let final = replay.sent.last?.header.acknowledged
        #expect(final == last.sequence - (last.kind == .state ? 1 : 0))
    }

    @Test(arguments: ["clean", "close", "finloss", "halfopen", "idle", "synloss"])
    func weSendWhatLibutpReceives(name: String) throws {
        let trace = try UTPTrace(name)
        let replay = try replay(trace, asInitiator: true)
        #expect(replay.opened == 1)
        #expect(replay.failures == [nil])
        #expect(replay.received == (try Self.stream(trace, fromInitiator: false)))
        try expectSaid(replay, trace, fromInitiator: true)
    }

    /// The bytes of one side in order.
    private static func stream(_ trace: UTPTrace, fromInitiator: Bool) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var next: SequenceNumber?
        let own = try trace.packets.filter { $0.isFromInitiator == fromInitiator }
            .map { ($0, try $0.header) }.filter { $0.1.kind == .data && !$0.0.isInjected }
        next = own.first?.1.sequence
        while let sequence = next, let found = own.first(where: { $0.1.sequence == sequence }) {
            bytes += try found.0.payload
            next = sequence + 1
        }
        return bytes
    }

    /// Nothing is acknowledged that did not arrive.
    private func expectHonestAcknowledgments(_ replay: Replay, _ trace: UTPTrace) throws {
        let arrived = Set(
            try trace.packets.filter { $0.isFromInitiator && !$0.isDropped }
                .map { try $0.header }.filter { $0.kind != .state }.map(\.sequence))
        for (header, bits, _) in replay.sent where header.kind != .reset {
            #expect(arrived.contains(header.acknowledged))
            for bit in 0..<8 * bits.count where bits[bit / 8] & 1 << (bit % 8) != 0 {
                #expect(arrived.contains(header.acknowledged + 2 + bit))
            }
        }
    }

    /// Ours said the same as theirs under the same numbers.
    private func expectSaid(
        _ replay: Replay, _ trace: UTPTrace, fromInitiator: Bool
    ) throws {
        for packet in trace.packets where packet.isFromInitiator == fromInitiator {
            let header = try packet.header
            let payload = try packet.payload
            guard header.kind != .state, !packet.isInjected else { continue }
            let isSaid = replay.sent.contains {
                $0.header.kind == header.kind && $0.header.sequence == header.sequence
                    && $0.header.connectionID == header.connectionID && $0.payload == payload
            }
            #expect(isSaid, "\(header.kind) \(header.sequence)")
        }
    }

    @Test func aResetEndsTheConnectionThatItNames() throws {
        let replay = try replay(try UTPTrace("reset"), asInitiator: true)
        #expect(replay.failures == [.reset])
        #expect(replay.received == Array("hello".utf8))
    }

    @Test func aResetThatNamesNoPacketOfOursIsIgnored() throws {
        let trace = try UTPTrace("reset")
        let socket = UTPSocket(random: try random(for: trace, asInitiator: true))
        let now = trace.packets[0].time
        let connection = try #require(socket.dial(UTPTrace.acceptor, now: now))
        socket.flush(now: now)
        for packet in trace.packets where !packet.isFromInitiator {
            var bytes = packet.bytes
            if packet.isInjected { bytes[18] ^= 0x40 }
            bytes.withUnsafeBytes {
                socket.receive($0, from: UTPTrace.acceptor, now: packet.time)
            }
        }
        socket.flush(now: now)
        #expect(connection.phase == .open)
    }

    @Test(arguments: ["refuse", "syndead", "synackloss"])
    func aDialWithoutAnswerIsGivenUp(name: String) throws {
        let replay = try replay(try UTPTrace(name), asInitiator: true)
        #expect(replay.opened == 0)
        #expect(replay.failures == [.timedOut])
        let syns = replay.sent.map(\.header).filter { $0.kind == .syn }
        #expect(Set(syns.map(\.connectionID)).count == 2, "a second id is tried")
        #expect(syns.allSatisfy { $0.delay == 0 })
    }

    /// libutp ignores the repetition, and the connection can never come about.
    @Test func aRepeatedSynIsAnsweredAgainWithTheSameNumber() throws {
        let replay = try replay(try UTPTrace("synackloss"), asInitiator: false)
        let answers = replay.sent.map(\.header).filter { $0.kind == .state }
        #expect(answers.count == 3)
        #expect(Set(answers.map(\.sequence)).count == 1)
        #expect(replay.opened == 0)
    }

    @Test func aStrayPacketIsAnsweredByOneReset() throws {
        let trace = try UTPTrace("stray")
        let socket = UTPSocket(random: SeededRandom(seed: 1))
        var resets: [UTPHeader] = []
        for packet in trace.packets where packet.isFromInitiator {
            packet.bytes.withUnsafeBytes {
                socket.receive($0, from: UTPTrace.initiator, now: packet.time)
            }
            socket.takeOutbox().forEach { _, bytes in
                if let packet = UTPPacket(bytes) { resets.append(packet.header) }
            }
        }
        var theirs = try trace.packets[1].header
        theirs.sequence = try #require(resets.first).sequence
        #expect(resets == [theirs])
    }
}

extension UTPTrace.Packet {
    /// When the end that we play has to do with it.
    fileprivate func key(_ asInitiator: Bool) -> NIODeadline {
        isFromInitiator == asInitiator ? time : arrival
    }
}
