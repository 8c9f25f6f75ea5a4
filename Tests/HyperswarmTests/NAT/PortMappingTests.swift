import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct PortMappingTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let client = IPAddress.v4(0x0a07_0002)

    private func pcp(_ hex: String) throws -> PCPMessage.Answer {
        let bytes = try #require([UInt8](hex: hex))
        return try #require(bytes.withUnsafeBytes { PCPMessage.answer($0) })
    }

    private func natpmp(_ hex: String) throws -> NATPMPMessage.Answer {
        let bytes = try #require([UInt8](hex: hex))
        return try #require(bytes.withUnsafeBytes { NATPMPMessage.answer($0) })
    }

    private func exchanges() throws -> [String: JSON] {
        let json = try Fixtures.json("swarm/port-mapping.json")
        let exchanges = Dictionary(
            uniqueKeysWithValues: json["datagrams"].array.map { ($0["name"].string, $0) })
        #expect(exchanges.count == 13)
        return exchanges
    }

    private let external = IPAddress.v4(0x0b16_212c)

    @Test func everyRecordedRequestOfTheOldProtocolIsBuiltAndItsAnswerRead() throws {
        let exchanges = try exchanges()
        func pmp(
            _ name: String, _ isTCP: Bool, _ ports: (UInt16, UInt16), _ lifetime: UInt32,
            _ granted: UInt16
        ) throws {
            let request = NATPMPMessage.map(
                isTCP: isTCP, internalPort: ports.0, externalPort: ports.1, lifetime: lifetime)
            let told = try #require(exchanges["NAT-PMP " + name])
            #expect(request.encoded.hex == told["request"].string)
            let answer = try natpmp(told["response"].string)
            #expect(answer.result == 0 && answer.epoch == 0xb66)
            #expect(
                answer.body
                    == .map(
                        isTCP: isTCP, internalPort: ports.0, externalPort: granted,
                        lifetime: lifetime))
        }
        try pmp("map UDP", false, (0x559a, 0x559a), 7200, 0x559a)
        try pmp("map UDP again (renew)", false, (0x559a, 0x559a), 7200, 0x559a)
        try pmp("map TCP, any external port", true, (0x559b, 0), 3600, 0x559b)
        try pmp("unmap UDP", false, (0x559a, 0), 0, 0)
        let address = try #require(exchanges["NAT-PMP external address"])
        #expect(NATPMPMessage.address.encoded.hex == address["request"].string)
        let told = try natpmp(address["response"].string)
        #expect(told.body == .address(external))
        let bad = try natpmp(try #require(exchanges["NAT-PMP bad opcode"])["response"].string)
        #expect(bad.result == 5 && bad.body == .none(operation: 9))
        #expect(exchanges["NAT-PMP bad version"]?["response"].string == "")
    }

    @Test func everyRecordedRequestOfTheNewProtocolIsBuiltAndItsAnswerRead() throws {
        let exchanges = try exchanges()
        let announce = try #require(exchanges["PCP ANNOUNCE"])
        let hello = PCPMessage(body: .announce, lifetime: 0, client: client)
        #expect(hello.encoded.hex == announce["request"].string)
        let greeted = try pcp(announce["response"].string)
        #expect(greeted.body == .announce)
        let nonce = try #require([UInt8](hex: "af7e0b23848ade299acb7f15"))
        func map(
            _ name: String, _ isTCP: Bool, _ ports: (UInt16, UInt16), _ lifetime: UInt32,
            wanting: IPAddress = .v4(0), client: IPAddress, granted: UInt16, result: UInt8 = 0
        ) throws {
            let body = PCPMessage.Map(
                nonce: nonce, isTCP: isTCP, internalPort: ports.0, externalPort: ports.1,
                externalAddress: wanting)
            let request = PCPMessage(body: .map(body), lifetime: lifetime, client: client)
            let told = try #require(exchanges["PCP " + name])
            #expect(request.encoded.hex == told["request"].string, "\(name)")
            let answer = try pcp(told["response"].string)
            #expect(answer.result == result && answer.epoch == 0xb67)
            #expect(answer.lifetime == (result == 0 ? lifetime : 0))
            var expected = body
            expected.externalPort = granted
            expected.externalAddress = result == 0 ? external : .v4(0)
            #expect(answer.body == .map(expected), "\(name)")
        }
        try map("MAP UDP", false, (0x559c, 0x559c), 3600, client: client, granted: 0x559c)
        try map(
            "MAP UDP renew", false, (0x559c, 0x559c), 3600, wanting: external, client: client,
            granted: 0x559c)
        try map("MAP TCP", true, (0x559d, 0), 1800, client: client, granted: 0x559d)
        try map("MAP delete", false, (0x559c, 0), 0, client: client, granted: 0)
        try map(
            "wrong client address", false, (0x559c, 0x559c), 3600, client: .v4(0x0a07_0063),
            granted: 0x559c, result: 12)
    }

    @Test func aRouterWithPCPMapsBothAndIsAskedAgainAtHalfTime() throws {
        var rig = RouterRig(client: client, now: start)
        rig.speaksPCP = true
        rig.run(for: .seconds(1))
        #expect(rig.mapped == ["udp 40000 11.22.33.44", "tcp 40000 11.22.33.44"])
        #expect(rig.requests.count == 2)
        rig.run(for: .minutes(29))
        #expect(rig.requests.count == 2)
        rig.run(for: .minutes(2))
        #expect(rig.requests.count == 4)
        #expect(rig.mapper.dialect == .pcp)
        rig.mapper.close()
        rig.carry()
        let removals = rig.requests.suffix(2)
        #expect(removals.allSatisfy { $0[4..<8].allSatisfy { $0 == 0 } })
        #expect(rig.mapper.nextDeadline == nil)
    }

    @Test func anOlderRouterIsSpokenToInItsLanguage() {
        for refuses in [true, false] {
            var rig = RouterRig(client: client, now: start)
            rig.speaksNATPMP = true
            // One that does not know version 2 says so, or is silent.
            rig.refusesOtherVersions = refuses
            rig.run(for: .seconds(2))
            #expect(rig.mapper.dialect == .natpmp)
            #expect(Set(rig.mapped) == ["udp 40000 11.22.33.44", "tcp 40000 11.22.33.44"])
        }
    }

    @Test func aRouterThatIsSilentIsLeftAlone() {
        var rig = RouterRig(client: client, now: start)
        rig.run(for: .seconds(10))
        #expect(rig.reasons == [.silence])
        let count = rig.requests.count
        #expect(count <= 12)
        rig.run(for: .minutes(14))
        #expect(rig.requests.count == count)
        // Another day it may answer.
        rig.speaksPCP = true
        rig.run(for: .minutes(2))
        #expect(rig.mapped.count == 2)
    }

    @Test func aRefusalIsBelieved() {
        var rig = RouterRig(client: client, now: start)
        rig.speaksPCP = true
        rig.result = 2
        rig.run(for: .minutes(5))
        #expect(rig.reasons == [.refused(2), .refused(2)])
        #expect(rig.mapped.isEmpty && rig.requests.count == 2)
    }

    @Test func aRestartedRouterIsAskedAgain() {
        var rig = RouterRig(client: client, now: start)
        rig.speaksPCP = true
        rig.secondsForTCP = 7200
        rig.run(for: .minutes(29))
        #expect(rig.requests.count == 2)
        rig.epochStart = rig.now
        rig.run(for: .minutes(2))
        // The renewal of one shows the restart; the other is asked for at once.
        #expect(rig.requests.count == 4)
    }

    @Test func aSlowClockIsNoRestart() {
        var clock = RouterClock()
        let answers: [(epoch: UInt32, seconds: Int64, isRestart: Bool)] = [
            (100, 0, false), (160, 60, false), (690, 660, false), (690, 661, false),
            (0, 662, true), (1, 663, false), (.max, 664, false), (0, 665, true),
        ]
        for (epoch, seconds, isRestart) in answers {
            let restarted = clock.restarted(epoch, now: start + .seconds(seconds))
            #expect(restarted == isRestart, "\(epoch) after \(seconds) s")
        }
    }

    @Test func aMappingThatCannotBeRenewedIsLost() {
        var rig = RouterRig(client: client, now: start)
        rig.speaksPCP = true
        rig.run(for: .seconds(1))
        rig.speaksPCP = false
        rig.run(for: .hours(2))
        #expect(rig.lost == 2)
        #expect(rig.mapper.mappings.isEmpty)
    }

    @Test func strangeAnswersChangeNothing() throws {
        var random = SeededRandom.announced()
        var rig = RouterRig(client: client, now: start)
        rig.speaksPCP = true
        rig.run(for: .seconds(1))
        let good = try #require(rig.lastAnswer)
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0...random.next() % 3 {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8.random(
                    in: 0...255, using: &random)
            }
            bytes.removeLast(Int(random.next() % 3))
            bytes.withUnsafeBytes { rig.mapper.receive($0, now: rig.now) }
            _ = rig.mapper.takeEffects()
            #expect(rig.mapper.mappings.count <= 2)
        }
        // However short a router claims to grant, it is not asked without a pause.
        if let next = rig.mapper.nextDeadline { #expect(next - rig.now >= .milliseconds(0)) }
    }

    @Test func theRouterIsFoundInTheKernelsTable() throws {
        let text = """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
            eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
            eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
            tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0
            garbage
            """
        let found = try #require(DefaultGateway(routes: text))
        #expect(found.interface == "eth0")
        #expect(found.router.description == "192.168.1.1")
        #expect(DefaultGateway(routes: "") == nil)
    }

    @Test func aSecondRouterAboveMakesAMappingUseless() {
        for (text, isPublic) in [
            ("11.22.33.44", true), ("100.64.0.1", false), ("100.128.0.1", true),
            ("10.1.1.1", false), ("192.168.0.1", false), ("0.0.0.0", false),
        ] {
            let mapping = PortMapper.Mapping(
                isTCP: true, externalPort: 1, externalAddress: IPAddress(text))
            #expect(mapping.isPublic == isPublic, "\(text)")
        }
    }
}
