import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct AddressTests {
    @Test(arguments: [
        ("127.0.0.1:80", "127.0.0.1", 80), ("[::1]:65535", "::1", 65535), ("host:0", "host", 0),
        ("a-b.example_c.org:1", "a-b.example_c.org", 1), ("[fe80::1%eth0]:9", "fe80::1%eth0", 9),
    ])
    func readsAndWritesTheSame(text: String, host: String, port: Int) {
        let address = Swarm.Address(text)
        #expect(address == Swarm.Address(host: host, port: port))
        #expect(address?.description == text)
    }

    @Test(arguments: [
        "", ":", "host", "host:", ":80", "host:65536", "host:-1", "host:+1", "host:8o", "::1:80",
        "[::1]", "[::1]80", "[host]:80", "[]:80", "ho st:80", "host/:80", "user@host:80",
        "host:99999999999999999999", "h\u{e9}:1",
    ])
    func refusesWhatIsNoAddress(text: String) {
        #expect(Swarm.Address(text) == nil)
    }
}
