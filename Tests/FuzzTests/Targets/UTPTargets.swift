import NIOCore
import TestSupport

@testable import Hyperswarm

extension FuzzTarget {
    static let utpTargets: [FuzzTarget] = [utpPacket, utpSocket]

    private static func recorded(_ name: String) throws -> [(bytes: [UInt8], isToAcceptor: Bool)] {
        try Fixtures.json("swarm/utp/\(name).json")["packets"].array.compactMap { line in
            [UInt8](hex: line["hex"].string).flatMap { bytes in
                bytes.isEmpty ? nil : (bytes, line["dir"].string == "c2s")
            }
        }
    }

    /// One datagram.
    private static let utpPacket = FuzzTarget("utp-packet") {
        try ["clean", "lossy", "reset"].flatMap { try recorded($0).prefix(20).map(\.bytes) }
    } body: { input in
        let bytes = input.rest()
        bytes.withUnsafeBytes { bytes in
            guard let packet = UTPPacket(bytes) else { return }
            check(UTPPacket.isUTP(bytes), "what parses is recognized")
            check(packet.payload.count <= bytes.count - UTPHeader.size, "no byte is made up")
            check((packet.selectiveAck?.count ?? 0) <= 255, "a length of one byte")
        }
    }

    /// A socket that dials the peer, accepts it, and has an owner that talks; the peer says
    /// anything, at any time. Each step: what to do, how long to wait, and a datagram.
    private static let utpSocket = FuzzTarget("utp-socket") {
        try ["clean", "bulk", "lossy", "reorder", "halfopen", "synloss"].map { name in
            try recorded(name).filter(\.isToAcceptor).flatMap {
                [0, 1] + FuzzInput.piece($0.bytes)
            }
        }
    } body: { input in
        let socket = UTPSocket(random: SeededRandom(seed: 1))
        let peer = Endpoint(ip: .v4(0x0a00_0001), port: 1)
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var sent = 0
        var steps = 0
        while !input.isEmpty, steps < 500 {
            steps += 1
            let action = input.byte()
            // Up to a quarter of a second, or up to a minute.
            now = now + .milliseconds(Int64(input.byte()) * (action & 0x80 == 0 ? 1 : 250))
            if action & 1 == 1 { _ = socket.dial(peer, now: now) }
            let datagram = input.piece()
            datagram.withUnsafeBytes { socket.receive($0, from: peer, now: now) }
            socket.tick(now: now)
            sent += socket.takeOutbox().datagramCount
            for (connection, news) in socket.takeNews() {
                if news.contains(.received), action & 2 == 0 { _ = connection.takeReceived() }
                if news.contains(.opened) || action & 4 != 0 {
                    connection.write(ByteBuffer(repeating: 7, count: 4000))
                }
                if action & 8 != 0 { connection.finish() }
                if action & 16 != 0 { connection.close() }
                socket.touch(connection)
            }
            socket.flush(now: now)
            sent += socket.takeOutbox().datagramCount
            check(socket.count <= Limits.UTP.connectionsMax, "connections are bounded")
            check(socket.memory.reorderBytes >= 0, "memory is counted once")
            check(socket.memory.reorderBytes <= 8 << 20, "what waits is bounded")
        }
        check(sent <= 1 << 20, "a peer cannot make us send for ever")
    }
}
