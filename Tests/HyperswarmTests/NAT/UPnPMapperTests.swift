import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct UPnPMapperTests {
    /// A router with a mind of its own, on a clock that jumps from deadline to deadline.
    private struct Rig {
        var mapper: UPnPMapper
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        /// What is mapped, by port and protocol, and for how long.
        var table: [String: UInt32] = [:]
        var requests: [UPnPMapper.Request] = []
        /// Says no, with a code.
        var refuses: (UPnPMapper.Request) -> Int? = { _ in nil }
        var isSilent = false

        init(port: UInt16 = 40_000) {
            mapper = UPnPMapper(port: port, random: SeededRandom(seed: 7), now: now)
        }

        mutating func run(for time: TimeAmount = .seconds(1)) {
            let end = now + time
            while let next = mapper.nextDeadline, next <= end {
                now = max(now, next)
                guard let request = mapper.next(now: now) else { continue }
                requests.append(request)
                mapper.answered(answer(request), now: now)
            }
            now = end
        }

        private mutating func answer(_ request: UPnPMapper.Request) -> UPnPMapper.Answer {
            if isSilent { return .silence }
            if let code = refuses(request) { return .refused(code) }
            switch request {
            case .find: return .found(externalAddress: .v4(0x0b16_212c))
            case .add(let isTCP, let port, let lease): table["\(isTCP) \(port)"] = lease
            case .remove(let isTCP, let port): table["\(isTCP) \(port)"] = nil
            }
            return .done
        }
    }

    @Test func bothProtocolsGetOnePortAndKeepIt() {
        var rig = Rig()
        rig.run()
        #expect(rig.mapper.mappings.map(\.isTCP) == [false, true])
        #expect(rig.mapper.mappings.allSatisfy { $0.externalPort == 40_000 && $0.isPublic })
        #expect(rig.table == ["false 40000": 3600, "true 40000": 3600])
        rig.run(for: .minutes(90))
        // At half life, every half an hour.
        #expect(rig.requests.count == 3 + 3 * 2)
        rig.mapper.close()
        rig.run()
        #expect(rig.table.isEmpty)
        #expect(rig.mapper.nextDeadline == nil)
    }

    @Test func aPortThatSomebodyElseHasIsLeftToHim() {
        var rig = Rig()
        rig.refuses = { request in
            if case .add(true, 40_000, _) = request { 718 } else { nil }
        }
        rig.run()
        let ports = Set(rig.mapper.mappings.map(\.externalPort))
        #expect(ports.count == 1 && !ports.contains(40_000))
        #expect(rig.mapper.mappings.count == 2)
        #expect(rig.table["false 40000"] == nil, "what is not used is given back")
    }

    @Test(arguments: [725, 501, 402])
    func aRouterThatKnowsNoTimeIsAskedForAMappingWithoutEnd(_ code: Int) {
        var rig = Rig()
        rig.refuses = { request in
            if case .add(_, _, 1...) = request { code } else { nil }
        }
        rig.run()
        #expect(rig.table == ["false 40000": 0, "true 40000": 0])
        rig.run(for: .minutes(31))
        #expect(rig.mapper.mappings.count == 2)
        rig.mapper.close()
        rig.run()
        #expect(rig.table.isEmpty)
    }

    @Test func whoIsRefusedOrNotAnsweredAsksAgainMuchLater() {
        var rig = Rig()
        rig.refuses = { request in if case .add = request { 606 } else { nil } }
        rig.run(for: .minutes(10))
        #expect(rig.requests.count == 2)
        #expect(rig.mapper.reason == .refused(606))
        rig.isSilent = true
        rig.run(for: .minutes(10))
        #expect(rig.requests.last == .find)
        #expect(rig.mapper.reason == .silence)
        (rig.isSilent, rig.refuses) = (false, { _ in nil })
        rig.run(for: .minutes(15))
        #expect(rig.mapper.mappings.count == 2)
        #expect(rig.mapper.reason == nil)
    }

    @Test func conflictsWithoutEndComeToAnEnd() {
        var rig = Rig()
        rig.refuses = { request in if case .add = request { 718 } else { nil } }
        rig.run(for: .minutes(10))
        #expect(rig.requests.count == 2 + Limits.PortMapping.conflictsMax)
        #expect(rig.mapper.reason == .refused(718))
    }

    @Test func udpAloneIsBetterThanNothing() {
        var rig = Rig()
        rig.refuses = { request in if case .add(true, _, _) = request { 606 } else { nil } }
        rig.run()
        #expect(rig.mapper.mappings.map(\.isTCP) == [false])
    }

    @Test func aMappingThatCannotBeRenewedIsNoMoreThere() {
        var rig = Rig()
        rig.run()
        rig.isSilent = true
        rig.run(for: .minutes(61))
        #expect(rig.mapper.mappings.isEmpty)
    }

    @Test func whatIsGrantedAfterTheEndIsGivenBack() {
        var rig = Rig()
        let first = rig.mapper.next(now: rig.now)
        #expect(first == .find)
        rig.mapper.answered(.found(externalAddress: nil), now: rig.now)
        let add = rig.mapper.next(now: rig.now)
        rig.mapper.close()
        #expect(rig.mapper.owes)
        rig.mapper.answered(.done, now: rig.now)
        #expect(rig.mapper.mappings.isEmpty)
        #expect(add == .add(isTCP: false, externalPort: 40_000, leaseSeconds: 3600))
        let removal = rig.mapper.next(now: rig.now)
        #expect(removal == .remove(isTCP: false, externalPort: 40_000))
    }

    @Test func onlyTheGatewayMayDescribeItself() {
        let gateway = IPAddress.v4(0x0a00_0101)
        #expect(UPnPRouter.host(of: "http://10.0.1.1:5000/rootDesc.xml") == gateway)
        #expect(UPnPRouter.host(of: "HTTP://10.0.1.1/x") == gateway)
        for url in [
            "http://10.0.1.1@example.org/", "http://router.local/x", "https://10.0.1.1/",
            "http://", "10.0.1.1", "http://10.0.1.10/", "http://example.org/#10.0.1.1",
        ] {
            #expect(UPnPRouter.host(of: url) != gateway, "\(url)")
        }
    }
}
