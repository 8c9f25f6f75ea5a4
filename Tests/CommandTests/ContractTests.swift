import Foundation
import TestSupport
import Testing

/// What scripts read: the members of each verb's JSON, and each exit code with its words.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct ContractTests {
    /// A line of output has these members, and they are of these kinds.
    private typealias Form = [String: Kind]

    private enum Kind {
        case text, number, bool, list, object, key, time

        func fits(_ value: JSON) -> Bool {
            switch (self, value) {
            case (.text, .string), (.bool, .bool), (.list, .array), (.object, .object): true
            case (.number, .integer), (.number, .number): true
            case (.key, .string(let text)): text.wholeMatch(of: /[0-9a-f]{64}/) != nil
            case (.time, .string(let text)):
                text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z/) != nil
            default: false
            }
        }
    }

    private static let entry: Form = [
        "path": .text, "type": .text, "size": .number, "mode": .text, "mtime": .time,
        "cached": .number,
    ]
    private static let done: Form = [
        "event": .text, "key": .key, "version": .number, "entries": .number, "files": .number,
        "bytes": .number,
    ]
    private static let keyEvent: Form = [
        "event": .text, "key": .key, "url": .text, "path": .text, "writable": .bool,
    ]

    private func account() throws -> Command {
        var command = try Command()
        command.environment["HYPERFS_NO_DISCOVERY"] = "1"
        for folder in ["mnt", "shared"] {
            try FileManager.default.createDirectory(
                atPath: command.home(folder), withIntermediateDirectories: true)
        }
        for file in ["file", "shared/file"] {
            try "text\n".write(toFile: command.home(file), atomically: false, encoding: .utf8)
        }
        return command
    }

    /// Runs it; the last line, or with `all` each, has the form.
    private func expect(
        _ command: Command, _ words: String, _ form: Form, all: Bool = false,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let result = try command.run(words.split(separator: " ").map(String.init) + ["--json"])
        #expect(result.status == 0, "\(words): \(result.text)", sourceLocation: location)
        #expect(result.json.count == result.lines.count, "\(words)", sourceLocation: location)
        #expect(!result.json.isEmpty, "\(words): no output", sourceLocation: location)
        for line in all ? result.json : result.json.suffix(1) {
            for (name, kind) in form {
                #expect(
                    kind.fits(line[name]), "\(words): \(name) in \(line)",
                    sourceLocation: location)
            }
        }
    }

    @Test func theVerbsOfDrivesSayWhatTheContractSays() throws {
        let command = try account()
        try expect(command, "create --name notes", Self.keyEvent)
        try expect(command, "create --name other", Self.keyEvent)
        try expect(command, "mkdir notes/docs", Self.done)
        try expect(command, "put file notes/docs/a", Self.done)
        try expect(command, "cp notes/docs/a notes/b", Self.done)
        try expect(command, "mv notes/b notes/c", Self.done)
        try expect(command, "link notes/friend other", Self.done)
        try expect(command, "ls notes", Self.entry, all: true)
        try expect(command, "tree notes", Self.entry, all: true)
        try expect(
            command, "stat notes/docs/a",
            Self.entry.merging(
                [
                    "blocks": .number, "blockOffset": .number, "byteOffset": .number,
                    "version": .number,
                ]) { $1 })
        let mount = try command.run("stat", "notes/friend", "--json").json.first
        #expect(mount?["type"].string == "mount")
        #expect(Kind.key.fits(mount?["key"] ?? .null))
        try expect(
            command, "info notes",
            [
                "key": .key, "contentKey": .key, "discoveryKey": .key, "version": .number,
                "writable": .bool, "metadataBlocks": .number, "contentBlocks": .number,
                "contentBytes": .number, "cachedBytes": .number, "peers": .number,
            ])
        try expect(
            command, "log notes", ["version": .number, "type": .text, "path": .text], all: true)
        try expect(command, "diff notes 1", ["type": .text, "path": .text], all: true)
        try expect(command, "rm notes/c", Self.done)
        let version = try #require(
            try command.run("info", "notes", "--json").json.first?["version"].int)
        try expect(command, "restore notes/docs --version \(version)", Self.done)
        try expect(command, "unlink notes/friend", Self.done)
        try expect(command, "get notes copy", ["event": .text])
        try expect(
            command, "drives",
            [
                "key": .key, "url": .text, "version": .number, "writable": .bool,
                "cachedBytes": .number, "name": .text,
            ], all: true)
        try expect(
            command, "verify notes", ["event": .text, "key": .key, "bad": .number, "paths": .list])
        try expect(command, "pin notes/docs", ["event": .text, "key": .key, "path": .text])
        try expect(command, "pin", ["key": .key, "path": .text])
        try expect(command, "unpin notes/docs", ["event": .text, "key": .key, "path": .text])
        try expect(command, "key list", ["key": .key, "kind": .text, "version": .number])
        try expect(command, "key export notes -o k", ["event": .text, "key": .key, "path": .text])
        try expect(command, "config show", ["command": .text, "option": .text, "origin": .text])
    }

    @Test func theVerbsOfTheNodeSayWhatTheContractSays() throws {
        let command = try account()
        try expect(command, "create --name notes", Self.keyEvent)
        let shared = try command.run("share", "shared", "--detach", "--json")
        #expect(shared.status == 0, "\(shared.errors)")
        let events = shared.json.map(\.["event"].string)
        #expect(events.first == "key")
        #expect(events.last == "ready")
        for (name, kind) in Self.keyEvent { #expect(kind.fits(shared.json[0][name]), "\(name)") }
        let progress = try #require(shared.json.first { $0["event"].string == "progress" })
        for name in ["files", "filesTotal", "bytes", "bytesTotal"] {
            #expect(Kind.number.fits(progress[name]), "\(name)")
        }
        let ready = try #require(shared.json.last)
        #expect(Kind.key.fits(ready["key"]))
        #expect(Kind.number.fits(ready["version"]))
        #expect(Kind.list.fits(ready["listen"]))
        try expect(command, "seed notes", ["event": .text, "key": .key, "complete": .bool])
        if FileManager.default.fileExists(atPath: "/dev/fuse") {
            try expect(
                command, "mount notes mnt",
                [
                    "event": .text, "key": .key, "mountpoint": .text, "version": .number,
                    "writable": .bool,
                ])
        } else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
        }
        try expect(
            command, "status",
            [
                "node": .object, "mounts": .list, "shares": .list, "seeds": .list,
                "peers": .list, "rates": .object, "cache": .object,
            ])
        if FileManager.default.fileExists(atPath: "/dev/fuse") {
            try expect(command, "unmount mnt", ["event": .text, "mountpoint": .text])
        }
        try expect(command, "unseed notes", ["event": .text, "key": .key])
        try expect(command, "unshare shared", ["event": .text])
        #expect(try command.run("node", "--stop", "--json").status == 0)
    }

    /// Each ends in its code, in three lines at most, and with `--json` in an object.
    @Test func everyFailureHasItsCodeItsReasonAndItsAdvice() throws {
        let command = try account()
        #expect(try command.run("create", "--name", "notes").status == 0)
        let unknown = String(repeating: "0", count: 64)
        // Its feed is in the store, and nothing in it.
        let met = String(repeating: "1", count: 64)
        #expect(try command.run("seed", met).status == 0)
        #expect(try command.run("unseed", met).status == 0)
        #expect(try command.run("node", "--stop").status == 0)
        let failures: [(String, Int32, String)] = [
            ("put nothing-here notes/x", 1, "failed"),
            ("cat notes/nope", 2, "not-found"),
            ("ls \(unknown) --offline", 2, "not-found"),
            ("diff \(met) 1", 2, "not-found"),
            ("unmount mnt", 3, "not-mounted"),
            ("unshare shared", 3, "not-mounted"),
            ("status", 3, "not-mounted"),
            ("mount notes file", 4, "mountpoint-unusable"),
            ("put file \(unknown)/x", 8, "not-writable"),
            ("share shared --foreground --listen 203.0.113.1:1", 9, "network"),
            ("ls notes --no-such-option", 64, "usage"),
            ("ls xyz+", 64, "usage"),
        ]
        for (words, code, name) in failures {
            let arguments = words.split(separator: " ").map(String.init)
            let said = try command.run(arguments)
            #expect(said.status == code, "\(words): \(said.errors)")
            let lines = said.errors.split(separator: "\n")
            #expect((1...3).contains(lines.count), "\(words): \(said.errors)")
            #expect(said.errors.hasPrefix("hyperfs: "), "\(words): \(said.errors)")
            #expect(said.output.isEmpty, "\(words): \(said.text)")
            let told = try command.run(arguments + ["--json"])
            #expect(told.status == code, "\(words)")
            let error = try #require(told.json.last, "\(words)")
            #expect(error["event"].string == "error", "\(words)")
            #expect(error["code"].string == name, "\(words): \(error)")
            #expect(!error["message"].string.isEmpty, "\(words)")
            #expect(!error["hint"].string.isEmpty, "\(words)")
        }
    }

    @Test func aMachineWithoutFUSESaysSo() throws {
        guard geteuid() == 0 else { return }
        var command = try account()
        #expect(try command.run("create", "--name", "notes").status == 0)
        command.wrapper = [
            "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
            "mount -t tmpfs none /dev && mknod /dev/null c 1 3 && mknod /dev/urandom c 1 9"
                + " && exec \"$@\"", "sh",
        ]
        let result = try command.run("mount", "notes", "mnt", "--json", "--foreground")
        #expect(result.status == 5, "\(result.text)\(result.errors)")
        #expect(result.json.last?["code"].string == "fuse-unavailable")
        #expect(result.json.last?["hint"].string.isEmpty == false)
    }
}
