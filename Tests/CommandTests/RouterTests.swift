import Foundation
import TestSupport
import Testing

/// Asking the router for a port (docs/spec/nat.md 5), with a real one.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct RouterTests {
    @Test(arguments: HomeRouter.Dialect.allCases)
    func aPortOfTheRouterLeadsToTheSharer(_ dialect: HomeRouter.Dialect) async throws {
        guard Laboratory.isThere, Laboratory.has(HomeRouter.canRun, "miniupnpd") else { return }
        // The daemon refuses to serve on addresses that it knows for tests.
        let internet = try Internet("11.22.33")
        defer { withExtendedLifetime(internet) {} }
        let home = try internet.host(.portRestricted)
        let router = try HomeRouter(of: home, speaking: dialect)
        var sharer = try Command(home.machine)
        sharer.environment["HYPERFS_NO_PORT_MAPPING"] = ""
        defer { withExtendedLifetime(sharer.home) {} }
        let port = 41_000
        let sharing = try await sharer.share(["--listen", "0.0.0.0:\(port)", "--no-mdns"])
        while try router.mappings(of: port) < 2 { try await Task.sleep(for: .milliseconds(20)) }
        let reader = try Command(internet.host(.open).machine)
        for option in ["--no-utp", "--no-mdns"] {
            let cat = try reader.run(
                "cat", sharing.key + "/file", "--peer", "\(home.outside):\(port)", option)
            #expect(cat.status == 0, "\(cat.errors)")
            #expect(cat.text == "found\n")
        }
        #expect(sharing.running.end() == 0)
        // What is not used any more is given back; the router takes its time.
        while try router.mappings(of: port) > 0 { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// Two who could not reach each other: the router's port is what others are told.
    @Test func aMappedPortIsAnnounced() async throws {
        guard Laboratory.isThere, Laboratory.has(HomeRouter.canRun, "miniupnpd") else { return }
        let internet = try Internet("11.22.33")
        defer { withExtendedLifetime(internet) {} }
        let entries = try await EntryNodes(on: internet)
        let home = try internet.host(.symmetric)
        let router = try HomeRouter(of: home, speaking: .pcp)
        var sharer = try Command(home.machine)
        sharer.environment["HYPERFS_NO_PORT_MAPPING"] = ""
        let port = 41_000
        let sharing = try await sharer.share(
            ["--listen", "0.0.0.0:\(port)", "--no-mdns", "-v"] + entries.options)
        let reader = try Command(internet.host(.symmetric).machine)
        let cat = try reader.run(
            ["cat", sharing.key + "/file", "--no-mdns", "-v"] + entries.options)
        #expect(cat.text == "found\n", "\(cat.errors)\(sharing.running.errors)")
        let log = reader.nodeLog
        #expect(log.contains("\(home.outside):\(port) connected"), "\(log)")
        #expect(sharing.running.end() == 0)
        #expect(entries.end() == [0, 0, 0])
        withExtendedLifetime(router) {}
    }

    /// The router's side of it is played by the test: what is asked is what counts.
    @Test(arguments: [[], ["--no-port-mapping"], ["--no-discovery"], ["--listen", "own"]])
    func onlyWhoWantsItAsksTheRouter(_ options: [String]) async throws {
        guard Laboratory.isThere else { return }
        let internet = try Internet()
        defer { withExtendedLifetime(internet) {} }
        let home = try internet.host(.portRestricted)
        let router = try UDPProbe(
            in: try #require(home.router), at: .init(host: home.gateway, port: 5351))
        var sharer = try Command(home.machine)
        sharer.environment["HYPERFS_NO_PORT_MAPPING"] = ""
        // Who listens on one address has chosen whom to face.
        let words = options.map { $0 == "own" ? home.inside + ":0" : $0 }
        let sharing = try await sharer.share(words + ["--no-mdns"])
        #expect((router.receive() != nil) == options.isEmpty)
        #expect(sharing.running.end() == 0)
    }
}
