import HyperCrypto
import NIOCore
import TestSupport

@testable import Hyperswarm

/// A recorded conversation of two libutp endpoints (`Tests/Fixtures/swarm/utp`).
struct UTPTrace {
    struct Packet {
        let time: NIODeadline
        let isFromInitiator: Bool
        /// Whether it reached the other end.
        let isDropped: Bool
        let isInjected: Bool
        /// How much later than `time` it arrived.
        let delay: TimeAmount
        let isDuplicated: Bool
        let json: JSON
        let bytes: [UInt8]

        var arrival: NIODeadline { time + delay }

        func withPacket<R>(_ body: (UTPPacket) throws -> R) throws -> R {
            try bytes.withUnsafeBytes { bytes in
                guard let packet = UTPPacket(bytes) else { throw Unreadable(hex: self.bytes.hex) }
                return try body(packet)
            }
        }

        var header: UTPHeader { get throws { try withPacket(\.header) } }
        var payload: [UInt8] { get throws { try withPacket { Array($0.payload) } } }
    }

    struct Unreadable: Error {
        let hex: String
    }

    let packets: [Packet]
    /// "server end" and the like, with the members of each.
    let events: [JSON]

    static let names = [
        "bulk", "clean", "close", "finloss", "halfopen", "idle", "lossy", "refuse", "reorder",
        "reset", "rto", "stray", "synackloss", "syndead", "synloss",
    ]
    static let initiator = Endpoint(ip: .v4(0x0a00_0001), port: 1111)
    static let acceptor = Endpoint(ip: .v4(0x0a00_0002), port: 2222)

    init(_ name: String) throws {
        let lines = try Fixtures.json("swarm/utp/\(name).json")["packets"].array
        events = lines.filter { !$0["event"].isNull }
        packets = lines.filter { !$0["hex"].isNull }.map { line in
            Packet(
                time: Self.time(line["t_us"].int), isFromInitiator: line["dir"].string == "c2s",
                isDropped: line["dropped"].bool, isInjected: line["injected"].bool,
                delay: .microseconds(Int64(line["delayed_us"].int)),
                isDuplicated: line["duplicated"].bool || line["duplicated"].int > 0, json: line,
                bytes: [UInt8](hex: line["hex"].string) ?? [])
        }
    }

    static func time(_ microseconds: Int) -> NIODeadline {
        .uptimeNanoseconds(UInt64(microseconds) * 1000 + 1_000_000_000)
    }

    func event(_ name: String) -> JSON? { events.first { $0["event"].string == name } }
}

/// Numbers that somebody else drew.
struct DrawnNumbers: RandomNumberGenerator, Sendable {
    var numbers: [UInt64]

    mutating func next() -> UInt64 { numbers.isEmpty ? 0 : numbers.removeFirst() }
}
