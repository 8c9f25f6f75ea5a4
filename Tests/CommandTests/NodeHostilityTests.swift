import Foundation
import TestSupport
import Testing

/// Who connects to a node's socket and does not behave; who takes its socket, or its store.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct NodeHostilityTests {
    /// An account with a node that stays, and its socket.
    private func account() throws -> (command: Command, socket: String) {
        var command = try Command()
        command.environment["HYPERFS_NO_DISCOVERY"] = "1"
        let key = try command.run("create", "--name", "notes").lines[0]
        #expect(try command.run("seed", key, "--offline").status == 0)
        return (command, try PretendedNode.socketPath(command))
    }

    private func memory(_ command: Command) throws -> (process: Int, bytes: Int) {
        let status = try #require(try command.run("status", "--json").json.first)
        let process = status["node"]["pid"].int
        let lines = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            .split(separator: "\n")
        let line = lines.first { $0.hasPrefix("VmRSS:") } ?? ""
        let words = line.split { $0 == " " || $0 == "\t" }
        return (process, (Int(words.dropFirst().first ?? "") ?? 0) << 10)
    }

    @Test func garbageIsAnsweredOrHungUpOn() throws {
        let (command, socket) = try account()
        let before = try memory(command)
        var random = SeededRandom.announced()
        for length in [1, 100, 5000] {
            let talk = try ControlTalk(socket)
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...127, using: &random) }
            talk.send(String(decoding: bytes, as: UTF8.self) + "\r\n\r\n")
            let answer = talk.rest()
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer)")
        }
        let deep = String(repeating: "[", count: 100_000)
        #expect(try ControlTalk(socket).ask("POST", "/v1/mounts", deep).contains(" 400 "))
        for body in ["{", "nul", "\u{0}", #"{"drive":1}"#, #"{"mountpoint":[]}"#, "[]"] {
            let answer = try ControlTalk(socket).ask("POST", "/v1/mounts", body)
            #expect(answer.contains(" 400 "), "\(body): \(answer)")
            #expect(answer.contains(#""code":"usage""#))
        }
        for path in ["/%", "/%zz", "/v1/drives/%ff/fetch", "//", "/v1/node?%=%"] {
            let answer = try ControlTalk(socket).ask("GET", path)
            #expect(answer.hasPrefix("HTTP/1.1 4"), "\(path): \(answer)")
        }
        #expect(try ControlTalk(socket).ask("BREW", "/v1/node").hasPrefix("HTTP/1.1 4"))
        #expect(try memory(command).process == before.process)
    }

    @Test func numbersBeyondAllMeaningHurtNobody() throws {
        let (command, socket) = try account()
        let before = try memory(command)
        let key = try #require(try command.run("drives", "--json").json.first)["key"].string
        let max = UInt64.max
        let large = UInt64(1) << 53
        let requests = [
            ("refresh", #""timeoutMilliseconds":\#(max)"#),
            ("fetch", #""feed":"\#(key)","blocks":[0,\#(max)],"ahead":[\#(max),\#(max)]"#),
            ("fetch", #""feed":"\#(key)","blocks":[\#(max),0]"#),
            ("fetch", #""feed":"\#(key)","list":[\#(max),0]"#),
            ("fetch", #""feed":"\#(key)","byte":\#(max),"within":[0,\#(max)]"#),
            ("fetch", #""feed":"\#(key)","length":\#(max)"#),
            ("fetch", #""feed":"\#(key)","length":\#(large)"#),
            ("fetch", #""feed":"\#(key)","blocks":[0,\#(large)],"ahead":[0,\#(large)]"#),
            ("fetch", #""feed":"\#(key)","byte":\#(large),"within":[0,\#(large)]"#),
            ("get", #""to":"/nowhere/x","version":\#(large)"#),
            ("get", #""to":"/nowhere/x","version":\#(max)"#),
            ("restore", #""path":"/x","version":\#(max)"#), ("evict", #""version":\#(max)"#),
            ("pin", #""version":\#(max),"noWait":true"#),
            ("mkdir", #""paths":["/d"],"mode":\#(max)"#),
        ]
        for (verb, members) in requests {
            let answer = try ControlTalk(socket).ask(
                "POST", "/v1/drives/notes/\(verb)", "{\(members)}")
            #expect(answer.hasPrefix("HTTP/1.1 "), "\(verb): \(answer)")
        }
        #expect(
            try ControlTalk(socket).ask("POST", "/v1/web", #"{"port":\#(max)}"#).contains(" 400 "))
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else { return }
        try FileManager.default.createDirectory(
            atPath: command.home("m"), withIntermediateDirectories: true)
        let mount =
            #"{"drive":"notes","mountpoint":"\#(command.home("m"))","readAheadBytes":\#(large),"#
            + #""cacheBytes":\#(large),"timeoutMilliseconds":\#(large)}"#
        let answer = try ControlTalk(socket).ask("POST", "/v1/mounts", mount)
        #expect(answer.contains("mounted"), "\(answer)")
        try "text".write(toFile: command.home("m/f"), atomically: false, encoding: .utf8)
        #expect(try String(contentsOfFile: command.home("m/f"), encoding: .utf8) == "text")
        #expect(try memory(command).process == before.process)
    }

    @Test func whatIsTooLongIsRefusedAndNotKept() throws {
        let (command, socket) = try account()
        let before = try memory(command)
        let path = "/" + String(repeating: "x", count: 20_000)
        #expect(try ControlTalk(socket).ask("GET", path).contains(" 414 "))
        let length = try ControlTalk(socket)
        length.send("POST /v1/mounts HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n")
        #expect(length.rest().contains(" 413 "))
        let large = String(repeating: "x", count: 8 << 20)
        // Where the node hangs up before it has read all, the answer may be lost.
        let chunks = try ControlTalk(socket)
        chunks.send("POST /v1/mounts HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunks.send("800000\r\n\(large)\r\n0\r\n\r\n")
        let answer = chunks.rest()
        #expect(answer.isEmpty || answer.contains(" 413 "), "\(answer.prefix(200))")
        let headers = try ControlTalk(socket)
        headers.send("GET /v1/node HTTP/1.1\r\nHost: h\r\nX: \(large)\r\n\r\n")
        #expect(!headers.rest().contains(" 200 "))
        let many = try ControlTalk(socket)
        let lines = String(repeating: "A: b\r\n", count: 1 << 20)
        many.send("GET /v1/node HTTP/1.1\r\nHost: h\r\n\(lines)\r\n")
        #expect(!many.rest().contains(" 200 "))
        let after = try memory(command)
        #expect(after.process == before.process)
        #expect(after.bytes - before.bytes < 64 << 20, "\(before) \(after)")
    }

    @Test func whoHangsIsSentAwayAndHindersNobody() async throws {
        let (command, socket) = try account()
        let silent = try (0..<100).map { _ in try ControlTalk(socket) }
        let slow = try (0..<100).map { _ in try ControlTalk(socket) }
        for talk in slow { talk.send("POST /v1/mounts HTTP/1.1\r\nHost: h\r\nContent-Le") }
        // Asks, and never reads.
        let deaf = try (0..<20).map { _ in try ControlTalk(socket) }
        for talk in deaf { talk.send("GET /v1/events HTTP/1.1\r\nHost: h\r\n\r\n") }
        let start = ContinuousClock.now
        let status = try command.run("status")
        #expect(status.status == 0, "\(status.errors)")
        print("status beside 220 clients that hang: \(ContinuousClock.now - start)")
        // After ten seconds they are gone, without an answer.
        for talk in silent + slow { #expect(talk.rest().isEmpty) }
        withExtendedLifetime(deaf) {}
        #expect(try command.run("unseed", "notes").status == 0)
    }

    @Test func nobodyElseMayAsk() throws {
        let (command, socket) = try account()
        guard geteuid() == 0, access("/usr/bin/setpriv", X_OK) == 0,
            access("/usr/bin/perl", X_OK) == 0
        else {
            #expect(!ProcessEnvironment.isCI, "other users cannot be tried without root and perl")
            return
        }
        let ask = """
            use Socket; $SIG{PIPE} = "IGNORE"; socket(S, PF_UNIX, SOCK_STREAM, 0);
            connect(S, pack_sockaddr_un($ARGV[0])) or exit 7;
            syswrite(S, "GET /v1/node HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n");
            exit(sysread(S, $text, 4096) ? 1 : 52)
            """
        func status(of user: [String]) throws -> Int32 {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
            process.arguments = user + ["/usr/bin/perl", "-e", ask, socket]
            try process.run()
            process.waitUntilExit()
            return process.terminationStatus
        }
        let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"]
        // Neither by the modes of the files...
        #expect(try status(of: nobody) == 7)
        // ... nor where those have been opened.
        var path = (socket as NSString).deletingLastPathComponent
        while path.hasPrefix(command.home.path) {
            chmod(path, 0o755)
            path = (path as NSString).deletingLastPathComponent
        }
        chmod(socket, 0o666)
        #expect(try status(of: nobody) == 52)
        #expect(try status(of: []) == 1)
        chmod(command.home("hyperfs"), 0o700)
        #expect(try command.run("status").status == 0)
    }

    /// The lock says who the node is. Whoever listens on its socket without it is nobody.
    @Test func aSocketThatSomebodyElseHasTakenIsTakenBack() throws {
        let (command, _) = try account()
        #expect(try command.run("node", "--stop").status == 0)
        for answers in [nil, [:], ["GET /v1/node": "nonsense"]] as [[String: String]?] {
            let thief = try PretendedNode(command, answers: answers)
            defer { thief.end() }
            let result = try command.run("seed", "notes", "--offline")
            #expect(result.status == 0, "\(result.errors)")
            let status = try #require(try command.run("status", "--json").json.first)
            #expect(status["seeds"].array.count == 1)
            #expect(try command.run("node", "--stop").status == 0)
        }
        // Left behind by somebody who is gone.
        try PretendedNode(command, answers: nil).end()
        #expect(try command.run("status").status == 3)
        #expect(try command.run("seed", "notes", "--offline").status == 0)
    }

    @Test func aStoreHasOneNode() async throws {
        let (command, _) = try account()
        let second = try command.run("node", "--offline", "--json")
        #expect(second.status == 6, "\(second.errors)")
        #expect(second.json.last?["message"].string.contains("pid ") == true, "\(second.text)")
        #expect(try command.run("status").status == 0)
        // However its path is written.
        var other = command
        try FileManager.default.createSymbolicLink(
            atPath: command.home("link"), withDestinationPath: "store")
        other.environment["HYPERFS_STORE"] = command.home("link")
        #expect(try other.run("status").status == 0)
        #expect(try other.run("node", "--offline").status == 6)
    }
}
