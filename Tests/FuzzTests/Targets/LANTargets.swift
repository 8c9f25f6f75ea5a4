import HyperCrypto
import NIOCore
import TestSupport

@testable import Hyperswarm

extension FuzzTarget {
    static let lanTargets: [FuzzTarget] = [dns, lan, portMapper, queue]

    private static func recorded() throws -> [[UInt8]] {
        try Fixtures.json("swarm/mdns.json")["log"].array
            .compactMap { [UInt8](hex: $0["hex"].string) }.filter { !$0.isEmpty }
    }

    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// A multicast DNS packet.
    private static let dns = FuzzTarget("dns") {
        try recorded()
    } body: { input in
        let packet = try input.rest().withUnsafeBytes { try DNSPacket(decoding: $0) }
        let again = try packet.encoded.withUnsafeBytes { try DNSPacket(decoding: $0) }
        check(again == packet, "a packet is written as it was read")
    }

    /// A node on a network where anybody says anything.
    private static let lan = FuzzTarget("lan") {
        try recorded().map { [1] + FuzzInput.piece($0) }
    } body: { input in
        var now = start
        var core = LANDiscovery(random: SeededRandom(seed: 1), now: now)
        let own = LANInterface.Subnet(address: .v4(0x7f00_0001), prefixLength: 8)
        core.use(
            [LANInterface(index: 1, name: "lo", isLoopback: true, subnets: [own])], now: now)
        let json = try Fixtures.json("swarm/mdns.json")
        for name in ["topic", "topic2"] {
            guard let topic = Bytes32(hex: json[name].string) else { continue }
            core.join(topic, announce: 4000, lookup: true, now: now)
        }
        var sent = 0
        var received = 0
        while !input.isEmpty {
            now = now + .milliseconds(Int64(input.byte()))
            let source = Endpoint(ip: .v4(0x7f00_0000 | UInt32(input.byte())), port: 5353)
            let packet = input.piece()
            received += 1
            packet.withUnsafeBytes {
                core.receive($0, from: source, on: core.links[0], now: now)
            }
            core.advance(to: now)
            for effect in core.takeEffects() {
                guard case .send(let bytes, _) = effect else { continue }
                check(bytes.count <= Limits.LAN.packetBytes, "packets fit the network")
                sent += 1
            }
        }
        check(sent <= 16 + 3 * received, "nobody makes us talk without end")
    }

    /// A router that answers anything.
    private static let portMapper = FuzzTarget("port-mapper") {
        try Fixtures.json("swarm/port-mapping.json")["datagrams"].array
            .compactMap { [UInt8](hex: $0["response"].string) }.map { [1] + FuzzInput.piece($0) }
    } body: { input in
        var now = start
        var random = SeededRandom(seed: 1)
        var mapper = PortMapper(client: .v4(0x0a07_0002), port: 0x559c, random: &random, now: now)
        var sent = 0
        var received = 0
        while !input.isEmpty {
            now = now + .milliseconds(Int64(input.byte()))
            mapper.advance(to: now)
            let answer = input.piece()
            received += 1
            answer.withUnsafeBytes { mapper.receive($0, now: now) }
            mapper.advance(to: now)
            sent += mapper.takeEffects().count
            check(mapper.mappings.count <= 2, "two mappings at most")
        }
        check(sent <= 16 + 8 * received, "nobody makes us ask without end")
    }

    /// Candidates, failures and connections in any order.
    private static let queue = FuzzTarget("peer-queue") {
        [Array(0...255), Array(repeating: 0x31, count: 64) + Array(repeating: 0x72, count: 64)]
    } body: { input in
        var now = start
        let topic = Blake2b.hash32([1])
        var queue = PeerQueue(random: SeededRandom(seed: 1))
        queue.join(topic)
        while !input.isEmpty {
            let step = input.byte()
            let host = input.byte()
            let address = Swarm.Address(host: "10.0.0.\(host & 15)", port: Int(host))
            switch step & 15 {
            case 0...3:
                let marker = step & 16 == 0 ? nil : Blake2b.hash32([step >> 5])
                queue.add(
                    Candidate(
                        address: address, origin: step & 1 == 0 ? .lan : .dht, topic: topic,
                        marker: marker), now: now)
            case 4: queue.keep(address, now: now)
            case 5...7: _ = queue.next(now: now)
            case 8: queue.failed(address, now: now)
            case 9: queue.connected(address, isTCP: step & 16 == 0, now: now)
            case 10: queue.closed(address, now: now)
            case 11: queue.ban(address)
            case 12: queue.rest(address)
            case 13: queue.wake(address)
            case 14:
                if step & 16 == 0 { _ = queue.accept("h\(host)") } else { queue.left("h\(host)") }
            default:
                now = now + .milliseconds(Int64(host) * 50)
                queue.advance(to: now)
            }
            check(
                (0...Limits.Queue.dialsMax).contains(queue.dialsUnderWay), "few dials at a time")
            let dialing = queue.entries.values.count { entry in
                if case .dialing = entry.phase { true } else { false }
            }
            check(dialing == queue.dialsUnderWay, "dials are counted")
            check(queue.connectedCount >= 0, "connections are counted")
        }
    }
}
