import HyperCrypto
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct UTPPacketTests {
    private static let kinds: [String: UTPHeader.Kind] = [
        "DATA": .data, "FIN": .end, "STATE": .state, "RESET": .reset, "SYN": .syn,
    ]

    @Test(arguments: UTPTrace.names)
    func readsAndWritesWhatLibutpWrites(name: String) throws {
        for recorded in try UTPTrace(name).packets {
            let json = recorded.json
            try recorded.withPacket { packet in
                let header = packet.header
                #expect(header.kind == Self.kinds[json["type"].string])
                #expect(Int(header.connectionID) == json["conn_id"].int)
                #expect(UInt64(header.timestamp) == json["ts"].uint64)
                #expect(UInt64(header.delay) == json["ts_diff"].uint64)
                #expect(UInt64(header.window) == json["wnd"].uint64)
                #expect(Int(header.sequence.value) == json["seq"].int)
                #expect(Int(header.acknowledged.value) == json["ack"].int)
                #expect(packet.payload.count == json["payload"].int)
                #expect((packet.selectiveAck != nil) == (json["ext"].int == 1))
                #expect(Self.encode(packet).hex == recorded.bytes.hex)
            }
        }
    }

    private static func encode(_ packet: UTPPacket) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: UTPHeader.size)
        bytes.withUnsafeMutableBytes {
            packet.header.write(to: $0, firstExtension: packet.selectiveAck == nil ? 0 : 1)
        }
        if let bits = packet.selectiveAck { bytes += [0, UInt8(bits.count)] + Array(bits) }
        return bytes + Array(packet.payload)
    }

    @Test func extensionsAreWalkedAndHostileOnesRefused() throws {
        let trace = try UTPTrace("clean")
        let plain = Array(trace.packets[2].bytes.prefix(UTPHeader.size))
        func parse(_ first: UInt8, _ rest: [UInt8]) -> [UInt8]? {
            var bytes = plain + rest
            bytes[1] = first
            return bytes.withUnsafeBytes { UTPPacket($0).map { Array($0.payload) } }
        }
        #expect(parse(0, [7, 8]) == [7, 8])
        #expect(parse(1, [0, 4, 1, 2, 3, 4, 9]) == [9])
        #expect(parse(1, [0, 0]) == [])
        #expect(parse(2, [0, 8] + [UInt8](repeating: 0, count: 8)) == [])
        #expect(parse(2, [0, 7] + [UInt8](repeating: 0, count: 8)) == nil)
        #expect(parse(1, [0x7f, 1, 5, 0, 2, 6, 6, 9]) == [9], "unknown later ones are skipped")
        #expect(parse(3, [0, 0]) == nil, "unknown first ones make it another protocol's")
        #expect(parse(1, []) == nil)
        #expect(parse(1, [0]) == nil)
        #expect(parse(1, [0, 5, 1, 2, 3, 4]) == nil)
        #expect(parse(1, [1, 0, 1, 0, 1, 0]) == nil, "an end of the chain is missing")
    }

    @Test func otherProtocolsOnThePortAreNotTakenForUTP() throws {
        func isUTP(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { UTPPacket.isUTP($0) } }
        let good = try UTPTrace("clean").packets[0].bytes
        #expect(isUTP(good))
        #expect(!isUTP(Array(good.dropLast())))
        #expect(!isUTP([0x42] + good.dropFirst()))
        #expect(!isUTP([0x51] + good.dropFirst()))
        #expect(!isUTP([good[0], 3] + good.dropFirst(2)))
        for message in try Fixtures.json("swarm/dht-session.json")["log"].array {
            guard let bytes = [UInt8](hex: message["hex"].string), !bytes.isEmpty else { continue }
            #expect(!isUTP(bytes))
        }
    }

    @Test func sequenceNumbersCompareTheShorterWayAround() {
        let last = SequenceNumber(.max)
        #expect((last + 1).value == 0)
        #expect(SequenceNumber(3) - last == 4)
        #expect(last - SequenceNumber(3) == -4)
        #expect((SequenceNumber(2) - 5).value == 65533)
    }
}
