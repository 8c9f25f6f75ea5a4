import Foundation
import TestSupport
import Testing

@testable import hyperfs

/// The manual, made from the definitions of the commands.
@Suite(.timeLimit(.minutes(1)))
struct ManualTests {
    @Test func everyVerbHasAPageWithAllItsOptions() throws {
        let command = try Command()
        let folder = command.home("man")
        #expect(try command.run("manual", folder).status == 0)
        let tool = try ToolDescription.load()
        for verb in tool.command.verbs {
            let path = "\(folder)/man1/hyperfs-\(verb.commandName).1"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            for argument in verb.shownArguments {
                let name = argument.preferredName?.text ?? argument.key
                #expect(text.contains(ManualPage.escaped(name)), "\(verb.commandName) \(name)")
            }
            #expect(text.contains(".SH \"EXIT STATUS\"") || text.contains(".SH EXIT STATUS"))
        }
        for page in ["man1/hyperfs.1", "man5/hyperfs.toml.5", "man8/mount.hyperfs.8"] {
            #expect(FileManager.default.fileExists(atPath: "\(folder)/\(page)"))
        }
    }

    @Test func wordsCannotBecomeCommandsOfTheFormatter() {
        var page = ManualPage("x", section: 1, purpose: "a\\b -c")
        page.text("'quoted\n.dot\nback\\slash\n  .example -v")
        let lines = page.text.split(separator: "\n")
        #expect(lines.contains("x \\- a\\eb \\-c"))
        #expect(lines.contains("\\&'quoted"))
        #expect(lines.contains("\\&.dot"))
        #expect(lines.contains("back\\eslash"))
        #expect(lines.contains("\\&.example \\-v"))
    }

    @Test func aFolderThatCannotBeMadeIsSaid() throws {
        let result = try Command().run("manual", "/proc/nowhere")
        #expect(result.status == 1)
        #expect(result.errors.contains("/proc/nowhere"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionsAreWritten(shell: String) throws {
        let command = try Command()
        let result = try command.run("--generate-completion-script", shell)
        #expect(result.status == 0)
        #expect(result.text.contains("hyperfs"))
        #expect(result.text.contains("no-mdns"))
    }

    @Test func aShellCompletesDrivesAndWhatIsInThem() throws {
        let command = try Command()
        #expect(try command.run("create", "--name", "notes").status == 0)
        #expect(try command.run("create", "--name", "north").status == 0)
        #expect(try command.run("mkdir", "notes/docs", "notes/dogs").status == 0)
        let script = command.home("completions.bash")
        let written = try command.run("--generate-completion-script", "bash")
        try written.text.write(toFile: script, atomically: false, encoding: .utf8)
        #expect(try completions(command, script, "info", "no") == ["north", "notes"])
        #expect(try completions(command, script, "ls", "not") == ["notes/"])
        #expect(
            try completions(command, script, "ls", "notes/do") == ["notes/docs/", "notes/dogs/"])
        #expect(try completions(command, script, "ls", "nowhere/x") == [])
    }

    /// What bash offers behind `hyperfs`.
    private func completions(
        _ command: Command, _ script: String, _ words: String...
    ) throws -> [String] {
        let line = "hyperfs " + words.joined(separator: " ")
        let program = """
            PATH=\((Command.binary as NSString).deletingLastPathComponent):$PATH
            source '\(script)'
            COMP_WORDS=(\(line)); COMP_CWORD=\(words.count)
            COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
            $(complete -p hyperfs | sed -E 's/.*-F ([^ ]+) .*/\\1/') hyperfs '\(words.last ?? "")'
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let process = command.prepare([])
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", program]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
            .sorted()
    }
}
