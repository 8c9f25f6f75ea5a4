import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

/// Peers that lie, and strangers.
@Suite(.timeLimit(.minutes(1)))
struct UTPHostilityTests {
    private let now = NIODeadline.uptimeNanoseconds(9_000_000_000)

    private static func packet(
        _ kind: UTPHeader.Kind, id: UInt16, sequence: UInt16, acknowledged: UInt16,
        window: UInt32 = 1 << 20, bits: [UInt8] = [], payload: [UInt8] = []
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: UTPHeader.size)
        let header = UTPHeader(
            kind: kind, connectionID: id, timestamp: 1, window: window,
            sequence: SequenceNumber(sequence), acknowledged: SequenceNumber(acknowledged))
        bytes.withUnsafeMutableBytes { header.write(to: $0, firstExtension: bits.isEmpty ? 0 : 1) }
        if !bits.isEmpty { bytes += [0, UInt8(bits.count)] + bits }
        return bytes + payload
    }

    private static func stranger(_ number: Int) -> Endpoint {
        Endpoint(ip: .v4(0x0b00_0000 + UInt32(number)), port: 1000)
    }

    private func receive(
        _ socket: UTPSocket, _ bytes: [UInt8], from remote: Endpoint = stranger(0),
        at time: NIODeadline? = nil
    ) {
        bytes.withUnsafeBytes { socket.receive($0, from: remote, now: time ?? now) }
        socket.flush(now: time ?? now)
    }

    private func answers(_ socket: UTPSocket) -> [(Endpoint, UTPHeader)] {
        var headers: [(Endpoint, UTPHeader)] = []
        socket.takeOutbox().forEach { remote, bytes in
            if let packet = UTPPacket(bytes) { headers.append((remote, packet.header)) }
        }
        return headers
    }

    /// A socket with one connection that a peer opened: SYN 100, first byte 101.
    private func opened() throws -> (UTPSocket, UTPConnection, UInt16) {
        let socket = UTPSocket(random: SeededRandom(seed: 5))
        receive(socket, Self.packet(.syn, id: 7, sequence: 100, acknowledged: 0))
        let answer = try #require(answers(socket).first).1
        let last = (answer.sequence - 1).value
        receive(
            socket,
            Self.packet(.data, id: 8, sequence: 101, acknowledged: last, payload: [1]))
        let connection = try #require(socket.takeNews().last).0
        #expect(connection.phase == .open)
        #expect(connection.takeReceived() == [1])
        _ = socket.takeOutbox()
        return (socket, connection, last)
    }

    @Test func aFloodOfSynsTakesNoMemoryAndHonestPeersGetIn() throws {
        let socket = UTPSocket(random: SeededRandom.announced())
        for number in 0..<5000 {
            let syn = Self.packet(.syn, id: UInt16(number), sequence: 1, acknowledged: 0)
            receive(socket, syn, from: Self.stranger(number))
        }
        #expect(socket.count == Limits.UTP.halfOpenMax)
        #expect(answers(socket).count == 5000, "each is answered by no more than it sent")
        let honest = Self.stranger(77_777)
        receive(
            socket, Self.packet(.syn, id: 7, sequence: 100, acknowledged: 0), from: honest)
        let answer = try #require(answers(socket).first).1
        #expect(socket.count == Limits.UTP.halfOpenMax)
        for wrong in [0, 1, 2, 500] as [UInt16] {
            let forged = Self.packet(
                .data, id: 8, sequence: 101, acknowledged: answer.sequence.value &+ wrong,
                payload: [9])
            receive(socket, forged, from: honest)
            #expect(socket.takeNews().isEmpty)
        }
        let first = Self.packet(
            .data, id: 8, sequence: 101, acknowledged: (answer.sequence - 1).value, payload: [9])
        receive(socket, first, from: honest)
        let news = try #require(socket.takeNews().first)
        #expect(news.1.contains([.opened, .received]))
        #expect(news.0.takeReceived() == [9])
        let later = now + Limits.UTP.halfOpenTime
        socket.tick(now: later)
        #expect(socket.count == 1, "half-open ones expire")
        let isQuiet = socket.takeNews().isEmpty
        #expect(isQuiet, "and nobody hears of them")
    }

    @Test func oneAddressCannotTakeTheHalfOpenPlaces() {
        let socket = UTPSocket(random: SeededRandom(seed: 1))
        for number in 0..<100 {
            let remote = Endpoint(ip: .v6(0x2001_0db8_0000_0000, UInt64(number)), port: 5)
            let syn = Self.packet(.syn, id: 7, sequence: 1, acknowledged: 0)
            receive(socket, syn, from: remote)
        }
        #expect(socket.count == Limits.UTP.halfOpenPerAddressMax)
    }

    @Test func resetsAreNoEcho() {
        let socket = UTPSocket(random: SeededRandom(seed: 1))
        for number in 0..<3000 {
            let stray = Self.packet(
                .data, id: UInt16(number), sequence: 5, acknowledged: 6, payload: [1])
            receive(socket, stray, from: Self.stranger(0))
        }
        #expect(answers(socket).count == 1)
        for number in 0..<3000 {
            let stray = Self.packet(.state, id: 1, sequence: 5, acknowledged: 6)
            receive(socket, stray, from: Self.stranger(number))
        }
        #expect(answers(socket).count < Limits.UTP.resetMemoryMax)
        receive(socket, Self.packet(.reset, id: 1, sequence: 5, acknowledged: 6))
        #expect(answers(socket).isEmpty, "a RESET is never answered")
    }

    @Test func wildAcknowledgmentsAreIgnored() throws {
        let (socket, connection, last) = try opened()
        connection.write(ByteBuffer(repeating: 1, count: 5000))
        socket.touch(connection)
        socket.flush(now: now)
        let sent = connection.packets.count
        #expect(sent > 3)
        for wild in [last &+ UInt16(sent) &+ 1, last &+ 9000, last &- 4, last &+ 0x8000] {
            receive(socket, Self.packet(.state, id: 8, sequence: 102, acknowledged: wild))
        }
        // Bits of packets that were never sent, as many as fit.
        let bits = [UInt8](repeating: 0xff, count: 252)
        receive(socket, Self.packet(.state, id: 8, sequence: 102, acknowledged: last, bits: bits))
        #expect(connection.packets.count == sent, "the first packet is missing for certain")
        #expect(
            connection.packets.missingBytes
                == Int(
                    connection.packets.packet(
                        SequenceNumber(last &+ 1)
                    ).length))
        #expect(connection.phase == .open)
    }

    @Test func hugeGapsAreBounded() throws {
        let (socket, connection, last) = try opened()
        for step in 0..<6000 {
            let sequence = 103 &+ UInt16(truncatingIfNeeded: step &* 7919)
            receive(
                socket,
                Self.packet(
                    .data, id: 8, sequence: sequence, acknowledged: last,
                    payload: [UInt8](repeating: 3, count: 1300)))
        }
        #expect(connection.arrivals.waitingBytes <= Limits.UTP.windowMax)
        #expect(connection.arrivals.waitingCount <= Limits.UTP.reorderPackets)
        #expect(socket.memory.reorderBytes == connection.arrivals.waitingBytes)
        #expect(connection.arrivals.ready.count <= connection.arrivals.capacity + 1300)
        receive(socket, Self.packet(.reset, id: 8, sequence: 1, acknowledged: last))
        #expect(connection.phase == .gone)
        #expect(socket.memory.reorderBytes == 0)
    }

    @Test func anOwnerThatTakesNothingMakesTheWindowClose() throws {
        var random = SeededRandom.announced()
        let payload = UTPTransfer.random(3_000_000, &random)
        let simulation = UTPSimulation(VirtualLink(bytesPerSecond: 20e6), random: random)
        simulation.links[0].queueBytes = 1 << 20
        var receiver: UTPConnection?
        simulation.onNews = { side, connection, _ in if side == .right { receiver = connection } }
        let sender = try #require(simulation.dial())
        sender.write(ByteBuffer(bytes: payload))
        simulation.touch(.left, sender)
        simulation.run(for: .seconds(20))
        let arrivals = try #require(receiver).arrivals
        #expect(arrivals.ready.count <= arrivals.capacity + Limits.UTP.datagramBytes)
        #expect(sender.phase == .open, "a peer that lives is waited for")
        // Now it takes everything.
        let owner = try #require(receiver)
        var received = owner.takeReceived()
        simulation.onNews = { side, connection, _ in
            if side == .right { received += connection.takeReceived() }
        }
        simulation.touch(.right, owner)
        simulation.run(for: .seconds(20)) { received.count == payload.count }
        #expect(received.count == payload.count)
        // Not in the macro: it would look for the difference of millions of bytes.
        let isSame = received == payload
        #expect(isSame)
    }

    @Test func aWindowThatStaysClosedEndsTheConnection() throws {
        let (socket, connection, last) = try opened()
        receive(
            socket, Self.packet(.state, id: 8, sequence: 102, acknowledged: last, window: 0))
        connection.write(ByteBuffer(repeating: 1, count: 100))
        socket.touch(connection)
        socket.flush(now: now)
        #expect(answers(socket).isEmpty)
        var time = now
        while connection.phase == .open, time < now + .minutes(3) {
            time = time + .seconds(1)
            receive(
                socket,
                Self.packet(.state, id: 8, sequence: 102, acknowledged: last, window: 0), at: time)
            socket.tick(now: time)
        }
        #expect(connection.failure == .timedOut)
        #expect(time - now <= .seconds(100))
    }

    @Test func absurdWindowsAndClocksDoNoHarm() throws {
        let (socket, connection, last) = try opened()
        connection.write(ByteBuffer(repeating: 1, count: 8 << 20))
        var acknowledged = last
        for step in 0..<2000 {
            let bytes = Self.packet(
                .state, id: 8, sequence: 102, acknowledged: acknowledged,
                window: step % 3 == 0 ? .max : UInt32(step))
            var lying = bytes
            for index in 4..<12 { lying[index] = UInt8(truncatingIfNeeded: step &* 77 &+ index) }
            let time = now + .milliseconds(Int64(step))
            receive(socket, lying, at: time)
            socket.tick(now: time)
            acknowledged = (connection.packets.next - 1).value
            #expect(connection.packets.count < Limits.UTP.reorderPackets)
            #expect(connection.congestion.window <= Limits.UTP.windowMax)
            _ = socket.takeOutbox()
        }
        #expect(connection.phase == .open)
    }

    @Test func aRestartedPeerGetsItsIdBack() throws {
        let (socket, connection, last) = try opened()
        let syn = Self.packet(.syn, id: 7, sequence: 5000, acknowledged: 0)
        let later = now + .seconds(1)
        receive(socket, syn, at: later)
        #expect(connection.phase == .open, "one SYN may be forged")
        receive(
            socket, Self.packet(.state, id: 8, sequence: 102, acknowledged: last),
            at: later + .milliseconds(100))
        receive(socket, syn, at: later + .milliseconds(250))
        #expect(connection.phase == .open, "the old peer was heard meanwhile")
        receive(socket, syn, at: later + .milliseconds(500))
        #expect(connection.failure == .reset)
        #expect(answers(socket).last?.1.acknowledged == SequenceNumber(5000))
    }

    @Test func arbitraryBytesDoNotCrash() {
        var random = SeededRandom.announced()
        let simulation = UTPSimulation(VirtualLink(), random: random)
        guard let connection = simulation.dial() else { return }
        connection.write(ByteBuffer(repeating: 1, count: 20_000))
        simulation.touch(.left, connection)
        for round in 0..<3000 {
            let side: UTPSimulation.Side = round % 2 == 0 ? .left : .right
            let own = round % 4 < 2 ? connection.receiveID : connection.sendID
            var bytes = UTPTransfer.random(Int.random(in: 0..<60, using: &random), &random)
            if bytes.count >= 4, round % 8 != 0 {
                bytes[0] = UInt8.random(in: 0...4, using: &random) << 4 | 1
                bytes[1] = UInt8.random(in: 0...2, using: &random)
                bytes[2] = UInt8(own >> 8)
                bytes[3] = UInt8(own & 0xff)
            }
            simulation.inject(bytes, to: side)
            if round % 10 == 0 { simulation.run(for: .milliseconds(20)) }
        }
        #expect(simulation.sockets.allSatisfy { $0.count < 300 })
    }
}
