import Foundation
import TestSupport
import Testing

/// The README's own lines, as a newcomer types them.
@Suite(.timeLimit(.minutes(3)))
struct ReadmeTests {
    /// Lines that need a machine of their own, and lines of other programs.
    private static let others = [
        "make ", "sudo ", "export PATH", "mpv ", "mount -t ", "systemctl ", "hyper://", "cd ~/",
    ]
    /// What goes on until it is ended.
    private static let endless = [
        "hyperfs share ", "hyperfs bootstrap ", "hyperfs web", "status -w",
    ]

    @Test func everyLineDoesWhatItSays() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
            return
        }
        let elsewhere = try Command()
        try fill(elsewhere)
        let share = try RunningCommand(
            elsewhere,
            [
                "share", elsewhere.home("photos"), "--json", "--foreground", "--no-discovery",
                "--listen", "127.0.0.1:0",
            ])
        let ready = try #require(await share.event("ready"))
        var command = try Command()
        try fill(command)
        command.environment = [
            "HYPERFS_PEER": try #require(ready["listen"].array.first?.string),
            "HYPERFS_NO_MDNS": "1", "HYPERFS_NO_DHT": "1",
            "BIN": (Command.binary as NSString).deletingLastPathComponent,
        ]
        var version = "1"
        var ran = 0
        for line in try lines() {
            if Self.others.contains(where: line.hasPrefix) { continue }
            let text = line.replacing("KEY+123", with: "KEY+\(ready["version"].int)")
                .replacing("KEY", with: ready["key"].string)
                .replacing("203.0.113.1:49737", with: "127.0.0.1:0")
                .replacing("--bootstrap 203.0.113.2:49737", with: "--bootstrap 127.0.0.1:9")
                .replacing("203.0.113.2:49737", with: "127.0.0.1:0")
                .replacing("--bootstrap 127.0.0.1:0", with: "--bootstrap 127.0.0.1:9")
                .replacing("--relay 127.0.0.1:0", with: "--relay 127.0.0.1:9")
                .replacing(" 120", with: " \(version)").replacing("\"", with: "")
            // Each mounts on a folder of its own.
            let shown = try run(text, command)
            #expect(Self.isFine(shown), "\(line)\n\(shown.errors)\(shown.text)")
            ran += 1
            if line.hasPrefix("hyperfs mount") { try afterMount(line, command) }
            if line.hasPrefix("hyperfs put") {
                let info = try command.run("info", "notes", "--json")
                version = String(try #require(info.json.first)["version"].int)
            }
        }
        #expect(ran >= 25)
        _ = try command.run("unmount", command.home("notes"))
        _ = try command.run("node", "--stop")
        #expect(share.end() == 0)
    }

    /// The first words of the README mount a drive in `dir`: it is read, and let go of again.
    private func afterMount(_ line: String, _ command: Command) throws {
        if line.hasSuffix("~/notes") {
            return try Data("a".utf8).write(
                to: URL(fileURLWithPath: command.home("notes/a.md")))
        }
        let film = command.home("dir/2024/film.mkv")
        #expect(FileManager.default.contents(atPath: film)?.count == 5)
        let away = try command.run("unmount", command.home("dir"))
        #expect(away.status == 0, "\(away.errors)")
    }

    private static func isFine(_ result: Command.Result) -> Bool {
        // `doctor` says 1 where something is amiss, as it is without a network.
        // A node has ended when the newcomer comes to `peers`.
        [0, 130].contains(result.status) || result.text.contains("FUSE")
            || result.errors.contains("no node runs")
    }

    private func run(_ line: String, _ command: Command) throws -> Command.Result {
        let isEndless = Self.endless.contains(where: line.contains)
        let limit = isEndless ? "timeout --preserve-status --signal INT 3 " : ""
        let script = "export PATH=$BIN:$PATH; \(limit)\(line)"
        var shell = command
        shell.wrapper = ["/bin/bash", "-c", script, "bash"]
        return try shell.run([])
    }

    private func fill(_ command: Command) throws {
        for folder in ["photos/2024", "photos/docs", "dir", "notes", "here"] {
            try FileManager.default.createDirectory(
                atPath: command.home(folder), withIntermediateDirectories: true)
        }
        for file in ["photos/2024/film.mkv", "photos/docs/a", "photos/readme.md", "report.pdf"] {
            try Data("bytes".utf8).write(to: URL(fileURLWithPath: command.home(file)))
        }
    }

    /// What stands behind four blanks and is typed: without prompts and remarks.
    private func lines() throws -> [String] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("README.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        return text.split(separator: "\n").flatMap { line -> [String] in
            guard line.hasPrefix("    ") else { return [] }
            var rest = line.drop { $0 == " " }
            if let prompt = rest.firstRange(of: /^[a-z]*\$ +/) { rest = rest[prompt.upperBound...] }
            let isTyped = (["hyperfs "] + Self.others).contains(where: rest.hasPrefix)
            // An abridged key stands in what a command answers.
            guard isTyped, !rest.contains("...") else { return [] }
            let words = rest.components(separatedBy: "  #")[0]
            return words.components(separatedBy: "; ").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
    }
}
