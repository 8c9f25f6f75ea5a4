import Node
import Testing

@testable import hyperfs

@Suite(.timeLimit(.minutes(1)))
struct PartsTests {
    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"),
        (1_048_524, "1023.9 KiB"), (1_048_575, "1.0 MiB"), (1 << 30, "1.0 GiB"),
        (UInt64.max, "16384.0 PiB"),
    ])
    func sizes(bytes: UInt64, text: String) {
        #expect(Format.size(bytes) == text)
    }

    @Test func timesAndModes() {
        #expect(Format.rfc3339(milliseconds: 1_600_000_001_234) == "2020-09-13T12:26:41.234Z")
        #expect(Format.rfc3339(milliseconds: 0) == "1970-01-01T00:00:00.000Z")
        #expect(Format.rfc3339(milliseconds: .max).hasPrefix("9999-12-31T"))
        #expect(Format.mode(0o100_644) == "0644")
        #expect(Format.mode(0o4755) == "4755")
        #expect(Format.mode(0) == "0000")
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\nb", "a\\nb"), ("\u{1B}[2J", "\\x1b[2J"), ("\u{7F}", "\\x7f"),
        ("\u{9B}2J", "\\x9b2J"), ("\u{202E}txt.exe", "\\u{202e}txt.exe"),
        ("\u{65E5}\u{672C}", "\u{65E5}\u{672C}"), ("back\\slash", "back\\slash"),
    ])
    func foreignTextCannotSteerATerminal(text: String, shown: String) {
        #expect(Printable.text(text) == shown)
    }

    @Test(arguments: [
        ("0", 0), ("4096", 4096), ("64K", 65536), ("64k", 65536), ("8M", 8 << 20),
        ("8MiB", 8 << 20), ("8mb", 8 << 20), ("1G", 1 << 30), ("5B", 5),
    ])
    func byteSizes(text: String, bytes: Int) {
        #expect(ByteSize(text)?.bytes == bytes)
    }

    @Test(arguments: ["", "M", "-1", "1.5M", "1X", "9999999999999T", "1 M", "MM"])
    func whatIsNoByteSize(text: String) {
        #expect(ByteSize(text) == nil)
    }

    @Test func mountOptionsAreSorted() throws {
        let list = try MountOptionList([
            "ro,noexec,x-systemd.automount,_netdev", "peer=a:1,peer=b:2,no_dht,allow_other",
            "cache_size=1G,max_read=4096,comment=a\\,b,timeout=3",
        ])
        #expect(list.kernel == ["ro", "noexec", "max_read=4096"])
        #expect(list.values["peer"] == ["a:1", "b:2"])
        #expect(list.values["timeout"] == ["3"])
        #expect(list.flags == ["no-dht", "allow-other"])
        #expect(throws: (any Error).self) { try MountOptionList(["suidd"]) }
        #expect(throws: (any Error).self) { try MountOptionList(["timeout"]) }
        #expect(throws: (any Error).self) { try MountOptionList(["offline=1"]) }
    }

    @Test func behindMinusOALongOptionDoesWhatItDoesAlone() throws {
        let options = [
            "no-dht", "no_mainline", "no-mdns", "no_utp", "no_port_mapping", "no-discovery",
            "listen=127.0.0.1:1", "bootstrap=127.0.0.1:2", "relay=127.0.0.1:3", "limit-up=1M",
            "limit_down=2M", "store=/s", "foreground", "verbose", "quiet",
        ]
        let long = options.map { "--" + $0.replacing("_", with: "-") }
        let alone = try MountCommand.parse(long + ["drive", "folder"])
        let listed = try MountCommand.parse(
            ["drive", "folder", "-o", options.joined(separator: ",")])
        #expect(alone.network.arguments.count == 16)
        #expect(listed.network.arguments == alone.network.arguments)
        #expect(listed.common.store == "/s")
        #expect(listed.common.verbose == 1)
        #expect(listed.common.quiet)
        #expect(listed.foreground)
        #expect(throws: (any Error).self) {
            try MountCommand.parse(["drive", "folder", "-o", "limit_up=much"])
        }
    }

    @Test(arguments: [
        (["ls", "--json"], ["ls", "--json"]), (["--json", "ls", "x"], ["ls", "--json", "x"]),
        (["--store", "d", "-v", "ls", "x"], ["ls", "--store", "d", "-v", "x"]),
        (["--store=d", "ls"], ["ls", "--store=d"]), (["--version"], ["--version"]),
        (["--store"], ["--store"]), ([], []), (["--json", "--help"], ["--json", "--help"]),
    ])
    func globalOptionsMoveBehindTheVerb(given: [String], parsed: [String]) {
        #expect(ArgumentOrder.verbFirst(given) == parsed)
    }

    @Test func theHelpOfTheRootFitsAScreen() {
        #expect(Hyperfs.helpMessage().split(separator: "\n").count <= 64)
    }
}

extension PartsTests {
    @Test func theStatusFitsAnyWindow() {
        let peers = (0..<40).map {
            JSONValue.object([.init(name: "address", value: .string("p\($0)"))])
        }
        let view = StatusView([
            "search": .string(String(repeating: "x", count: 200)), "peers": .array(peers),
        ])
        #expect(view.lines.count == 43)
        for (columns, rows) in [(20, 10), (80, 24), (1, 1), (0, 2)] {
            let lines = view.lines(columns: columns, rows: rows)
            #expect(lines.count <= rows)
            #expect(lines.dropLast().allSatisfy { $0.count <= max(columns, 1) })
        }
        #expect(view.lines(columns: 80, rows: 10).last == "... 34 more")
    }
}
