import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct EndpointTests {
    @Test(arguments: [
        "127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:9", "[fd00::1:2]:1",
        "[2001:db8::ff00:42:8329]:443",
    ])
    func readsAndWritesTheSame(_ text: String) throws {
        let endpoint = try #require(Endpoint(text))
        #expect(endpoint.description == text)
        #expect(IPAddress(bytes: endpoint.ip.bytes) == endpoint.ip)
        #expect(Endpoint(try endpoint.socketAddress()) == endpoint)
    }

    @Test(arguments: ["", "host:1", "1.2.3:4", "1.2.3.4", "1.2.3.4:65536", "[fe80::1%eth0]:1"])
    func refusesNamesAndZones(_ text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test func mappedAddressesAreUndressed() {
        #expect(Endpoint("[::ffff:1.2.3.4]:5")?.description == "1.2.3.4:5")
    }

    @Test(arguments: [
        ("10.1.2.3", true), ("172.16.0.1", true), ("172.32.0.1", false), ("192.168.9.9", true),
        ("169.254.1.1", true), ("127.8.8.8", true), ("8.8.8.8", false), ("::1", true),
        ("fd12::1", true), ("fc00::1", true), ("fe80::1", true), ("fec0::1", false),
        ("2001:db8::1", false),
    ])
    func knowsWhatIsLocal(_ text: String, _ isLocal: Bool) throws {
        #expect(try #require(IPAddress(text)).isLocal == isLocal)
    }
}
