import TestSupport
import Testing

/// The routers of the laboratory are what they are called (docs/spec/nat.md 2).
@Suite(.timeLimit(.minutes(1)), .serialized)
struct NATKindTests {
    /// What an inside host sees of its router.
    private struct Behavior: Equatable {
        /// Two who were sent to see one and the same address and port.
        var isMappingOne: Bool
        /// Who of those that were not sent to gets through.
        var letsIn: Set<String>
    }

    private func measure(_ kind: NATKind) throws -> Behavior {
        let internet = try Internet()
        defer { withExtendedLifetime(internet) {} }
        let host = try internet.host(kind)
        func server(_ number: Int, _ port: UInt16) throws -> (UDPProbe, UDPProbe.Place) {
            let place = UDPProbe.Place(host: internet.server(number), port: port)
            return (try UDPProbe(in: internet.servers, at: place), place)
        }
        let (first, firstPlace) = try server(1, 7001)
        let (second, secondPlace) = try server(2, 7001)
        let (otherPort, _) = try server(1, 7002)
        let (otherHost, _) = try server(3, 7001)
        let inside = try UDPProbe(in: host.machine, at: .init(host: host.inside, port: 5555))
        inside.send("first", to: firstPlace)
        inside.send("second", to: secondPlace)
        let seen = try #require(first.receive())
        let seenBySecond = try #require(second.receive())
        #expect(seen.from.host == host.outside)
        otherPort.send("other port", to: seen.from)
        otherHost.send("other host", to: seen.from)
        // Who was sent to always gets through; behind the others, so that they had their time.
        first.send("end", to: seen.from)
        var words: Set<String> = []
        while !words.contains("end"), let (word, _) = inside.receive() { words.insert(word) }
        while let (word, _) = inside.receive(waits: false) { words.insert(word) }
        #expect(words.remove("end") != nil)
        return Behavior(isMappingOne: seen.from == seenBySecond.from, letsIn: words)
    }

    @Test(arguments: NATKind.allCases)
    func aRouterIsOfItsKind(_ kind: NATKind) throws {
        guard Laboratory.isThere else { return }
        let expected: Behavior =
            switch kind {
            case .open, .fullCone: .init(isMappingOne: true, letsIn: ["other port", "other host"])
            case .addressRestricted: .init(isMappingOne: true, letsIn: ["other port"])
            case .portRestricted: .init(isMappingOne: true, letsIn: [])
            case .symmetric: .init(isMappingOne: false, letsIn: [])
            }
        #expect(try measure(kind) == expected)
    }
}
