import Foundation
import TestSupport
import Testing

/// Places where a node cannot do what it is asked to, and says so.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct NodeHardshipTests {
    private func account() throws -> Command {
        var command = try Command()
        command.environment["HYPERFS_NO_DISCOVERY"] = "1"
        return command
    }

    private func hasFuse() -> Bool {
        let hasFuse = FileManager.default.fileExists(atPath: "/dev/fuse")
        #expect(hasFuse || !ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
        return hasFuse
    }

    /// Runs as nobody, who owns the home; nil where that cannot be had.
    private func nobody(_ command: Command) -> Command? {
        guard geteuid() == 0, access("/usr/bin/setpriv", X_OK) == 0 else {
            #expect(!ProcessEnvironment.isCI, "other users cannot be tried without root")
            return nil
        }
        chown(command.home.path, 65534, 65534)
        var nobody = command
        nobody.wrapper = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        return nobody
    }

    @Test func aStoreThatCannotBeWrittenIsReadAndNothingElse() throws {
        var command = try account()
        guard let disk = try SmallDisk(at: command.home("disk"), megabytes: 16) else { return }
        defer { disk.unmount() }
        command.environment["HYPERFS_STORE"] = disk.path + "/store"
        #expect(try command.run("create", "--name", "notes").status == 0)
        try "text\n".write(toFile: command.home("f"), atomically: false, encoding: .utf8)
        #expect(try command.run("put", "f", "notes/").status == 0)
        let flags = UInt(MS_REMOUNT | MS_RDONLY)
        #expect(mount("tmpfs", disk.path, "tmpfs", flags, nil) == 0)
        #expect(try command.run("cat", "notes/f").text == "text\n")
        #expect(try command.run("drives", "--json").json.count == 1)
        for words in [
            ["create"], ["mkdir", "notes/x"], ["seed", "notes", "--offline"],
            ["share", command.home.path + "/disk2", "--detach"],
        ] {
            try FileManager.default.createDirectory(
                atPath: command.home("disk2"), withIntermediateDirectories: true)
            let result = try command.run(words + ["--json"])
            #expect(result.status == 1, "\(words): \(result.text)\(result.errors)")
            let message = result.json.last?["message"].string ?? ""
            #expect(message.localizedCaseInsensitiveContains("read-only"), "\(words): \(message)")
            #expect(message.contains(disk.path), "\(words): \(message)")
        }
    }

    /// The node of a store that was removed would put everything where nobody finds it.
    @Test func aStoreThatIsRemovedTakesItsNodeWithIt() throws {
        let command = try account()
        let old = try command.run("create", "--name", "notes")
        #expect(old.status == 0)
        let store = command.home("store")
        for round in 0..<3 {
            if round == 1 {
                try FileManager.default.moveItem(atPath: store, toPath: command.home("away"))
            } else {
                try FileManager.default.removeItem(atPath: store)
            }
            // The node of before still runs: it lingers.
            let new = try command.run("create", "--name", "notes")
            #expect(new.status == 0, "\(new.errors)")
            #expect(new.text != old.text)
            #expect(FileManager.default.fileExists(atPath: store + "/master_key"))
            let drives = try command.run("drives", "--json")
            #expect(drives.json.map(\.["key"].string) == [new.lines.first ?? ""])
        }
    }

    @Test func aFullStoreEndsAShareAndNotTheNode() throws {
        var command = try account()
        guard let disk = try SmallDisk(at: command.home("disk"), megabytes: 8) else { return }
        defer { disk.unmount() }
        command.environment["HYPERFS_STORE"] = disk.path + "/store"
        #expect(try command.run("create", "--name", "notes").status == 0)
        #expect(try command.run("seed", "notes", "--offline").status == 0)
        let folder = command.home("folder")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var random = SeededRandom.announced()
        let bytes = (0..<20_000_000 / 8).map { _ in UInt64.random(in: .min ... .max, using: &random)
        }
        try bytes.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: folder + "/large"))
        let before = try #require(try command.run("status", "--json").json.first)["node"]["pid"].int
        let result = try command.run("share", folder, "--json")
        #expect(result.status == 1, "\(result.text)")
        let error = try #require(result.json.last)
        #expect(error["message"].string.localizedCaseInsensitiveContains("space"), "\(result.text)")
        let status = try #require(try command.run("status", "--json").json.first)
        #expect(status["node"]["pid"].int == before)
        #expect(status["shares"].array.isEmpty)
        #expect(try command.run("ls", "notes").status == 0)
        #expect(try command.run("node", "--stop").status == 0)
    }

    @Test func aStoreOfANewerVersionIsLeftAlone() throws {
        let command = try account()
        #expect(try command.run("create", "--name", "notes").status == 0)
        let format = command.home("store/hyperfs/format")
        #expect(try String(contentsOfFile: format, encoding: .utf8) == "1\n")
        try "2\n".write(toFile: format, atomically: false, encoding: .utf8)
        for words in [["create"], ["seed", "notes"], ["ls", "notes"], ["node"]] {
            let result = try command.run(words)
            #expect(result.status == 1, "\(words): \(result.text)")
            #expect(result.errors.contains("newer hyperfs"), "\(result.errors)")
            #expect(result.errors.contains("upgrade"), "\(result.errors)")
        }
        try "1\n".write(toFile: format, atomically: false, encoding: .utf8)
        #expect(try command.run("ls", "notes").status == 0)
    }

    @Test func withoutAHomeAStoreMustBeNamed() throws {
        guard var command = nobody(try account()) else { return }
        for name in ["HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "HYPERFS_STORE"] {
            command.environment[name] = ""
        }
        let lost = try command.run("drives")
        #expect(lost.status == 64)
        #expect(lost.errors.contains("HOME"))
        #expect(lost.errors.contains("--store"))
        command.environment["HYPERFS_STORE"] = command.home("store")
        #expect(try command.run("create", "--name", "notes").status == 0)
        let seed = try command.run("seed", "notes", "--offline")
        #expect(seed.status == 0, "\(seed.errors)")
        #expect(try command.run("status").status == 0)
        #expect(try command.run("node", "--stop").status == 0)
    }

    @Test func whatCannotBeMountedOnIs4() throws {
        guard hasFuse() else { return }
        let command = try account()
        #expect(try command.run("create", "--name", "notes").status == 0)
        let files = FileManager.default
        for name in ["full", "one", "closed"] {
            try files.createDirectory(
                atPath: command.home(name), withIntermediateDirectories: true)
        }
        _ = files.createFile(atPath: command.home("file"), contents: nil)
        _ = files.createFile(atPath: command.home("full/file"), contents: nil)
        #expect(try command.run("mount", "notes", "one", "--offline").status == 0)
        for (name, reason) in [
            ("file", "not a folder"), ("full", "not empty"), ("missing", "does not exist"),
            ("one", "mounted already"), ("file/below", "Not a directory"),
        ] {
            let result = try command.run("mount", "notes", name, "--offline", "--json")
            #expect(result.status == 4, "\(name): \(result.text)\(result.errors)")
            #expect(result.json.last?["code"].string == "mountpoint-unusable")
            #expect(result.json.last?["message"].string.contains(reason) == true, "\(result.text)")
            #expect(result.json.last?["hint"].string.isEmpty == false)
        }
        #expect(
            try command.run("mount", "notes", "full", "--offline", "-o", "nonempty").status == 0)
        #expect(try command.run("unmount", "full").status == 0)
        #expect(try command.run("unmount", "one").status == 0)
        #expect(try command.run("unmount", "one").status == 3)
        #expect(try command.run("unmount", "missing").status == 3)
        guard let nobody = nobody(command) else { return }
        let store = ["--store", command.home("other")]
        #expect(try nobody.run(["create", "--name", "mine"] + store).status == 0)
        let foreign = try nobody.run(["mount", "mine", "closed", "--offline"] + store)
        #expect(foreign.status == 4 || foreign.status == 5, "\(foreign.errors)")
        let gone = try nobody.run(["mount", "mine", "/root/x", "--offline"] + store)
        #expect(gone.status == 4 || gone.status == 5, "\(gone.errors)")
    }

    @Test func aHundredMountsLiveInOneNode() throws {
        guard hasFuse() else { return }
        let command = try account()
        #expect(try command.run("create", "--name", "notes").status == 0)
        try "text\n".write(toFile: command.home("f"), atomically: false, encoding: .utf8)
        #expect(try command.run("put", "f", "notes/").status == 0)
        #expect(try command.run("seed", "notes", "--offline").status == 0)
        let socket = try PretendedNode.socketPath(command)
        let start = ContinuousClock.now
        for number in 0..<100 {
            let path = command.home("m\(number)")
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
            let answer = try ControlTalk(socket).ask(
                "POST", "/v1/mounts", #"{"drive":"notes","mountpoint":"\#(path)"}"#)
            #expect(answer.contains(#""event":"mounted""#), "\(answer)")
        }
        print("100 mounts: \(ContinuousClock.now - start)")
        for number in [0, 50, 99] {
            let text = try String(contentsOfFile: command.home("m\(number)/f"), encoding: .utf8)
            #expect(text == "text\n")
        }
        #expect(try command.run("node", "--stop").status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: command.home("m7")).isEmpty)
    }

    /// What can change while a node runs does at SIGHUP; a file with a fault changes nothing.
    @Test func aNodeReadsItsConfigurationAgain() async throws {
        var command = try account()
        let file = command.home("config.toml")
        command.environment["HYPERFS_CONFIG"] = file
        func write(_ text: String) throws {
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }
        try write("limit-up = \"1M\"\n[node]\nlog = \"notice\"\n")
        let node = try RunningCommand(
            command,
            ["node", "--listen", "127.0.0.1:0", "--json", "--limit-down", "3M"])
        _ = try #require(await node.event("ready"), "\(node.errors)")
        func limits() throws -> [Int] {
            let node = try #require(try command.run("status", "--json").json.first)["node"]
            return ["limitUp", "limitDown"].map { node["network"][$0].int }
        }
        func reload(until text: String) throws {
            kill(node.identifier, SIGHUP)
            // Each look is a command of its own, and takes its time.
            while !node.errors.contains(text) { _ = try command.run("--version") }
        }
        // What is typed stays, whatever the file says.
        #expect(try limits() == [1 << 20, 3 << 20])
        try write(
            "limit-up = \"2M\"\nlimit-down = \"9M\"\ncache-size = \"1G\"\n[node]\nlog = \"debug\"\n"
        )
        try reload(until: "limit-up \(2 << 20), limit-down \(3 << 20)")
        #expect(try limits() == [2 << 20, 3 << 20])
        #expect(node.errors.contains("cache-size \(1 << 30)"), "\(node.errors)")
        #expect(node.errors.contains("log debug"))
        try write("limit-up = \"much\"\n")
        try reload(until: "configuration not used")
        #expect(node.errors.contains("config.toml"), "\(node.errors)")
        try write("[node]\nlog = \"notice\"\n")
        try reload(until: "limit-up none, limit-down \(3 << 20)")
        #expect(node.end(SIGTERM) == 0)
    }

    @Test func withVTheLogOfTheNodeIsShown() throws {
        let command = try account()
        let key = try command.run("create").lines[0]
        let result = try command.run("seed", key, "--offline", "-v")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains(command.home("state/hyperfs/node.log")), "\(result.errors)")
        #expect(result.errors.contains("ready, version"), "\(result.errors)")
        #expect(try command.run("seed", key, "--offline").errors.contains("notice") == false)
    }
}
