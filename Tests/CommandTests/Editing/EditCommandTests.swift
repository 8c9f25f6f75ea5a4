import Foundation
import TestSupport
import Testing

/// The commands that change a drive without mounting it: options, output and exit codes.
@Suite(.timeLimit(.minutes(3)))
struct EditCommandTests {
    private func withNotes() throws -> Command {
        let command = try Command()
        #expect(try command.run("create", "--name", "notes").status == 0)
        let files = FileManager.default
        try files.createDirectory(
            atPath: command.home("src/sub"), withIntermediateDirectories: true)
        for (name, text) in [("src/a", "a\n"), ("src/sub/b", "bb\n"), ("c", "ccc\n")] {
            try text.write(toFile: command.home(name), atomically: false, encoding: .utf8)
        }
        try files.createSymbolicLink(atPath: command.home("src/l"), withDestinationPath: "a")
        chmod(command.home("src/sub"), 0o700)
        return command
    }

    private func paths(_ command: Command, _ drive: String = "notes") throws -> [String] {
        try command.run("tree", drive, "--json").json.map(\.["path"].string)
    }

    @Test func putCopiesAFolderAndPassesOverWhatIsThere() throws {
        let command = try withNotes()
        #expect(try command.run("put", "src", "notes/d").status == 0)
        #expect(try paths(command) == ["/d", "/d/a", "/d/l", "/d/sub", "/d/sub/b"])
        let sub = try command.run("stat", "notes/d/sub", "--json").json.first
        #expect(sub?["mode"].string == "0700")
        let link = try command.run("stat", "notes/d/l", "--json").json.first
        #expect(link?["target"].string == "a")
        let version = try command.run("info", "notes", "--json").json.first?["version"].int
        let again = try command.run("put", "src", "notes/d", "--json")
        let done = try #require(again.json.last)
        #expect(done["event"].string == "done")
        #expect(done["entries"].int == 0)
        #expect(done["files"].int == 2)
        #expect(done["bytes"].int == 5)
        #expect(done["version"].int == version)
        // More of it, and one file changed.
        try "new\n".write(
            toFile: command.home("src/sub/b"), atomically: false, encoding: .utf8)
        let changed = try command.run("put", "src", "notes/d", "--json")
        #expect(changed.json.last?["entries"].int == 1)
        #expect(try command.run("cat", "notes/d/sub/b").text == "new\n")
    }

    @Test func putOfFilesFollowsTheRulesOfCp() throws {
        let command = try withNotes()
        #expect(try command.run("put", "c", "notes").status == 0)
        #expect(try command.run("put", "c", "notes/e").status == 0)
        #expect(try command.run("put", "c", "notes/none/").status == 2)
        #expect(try command.run("put", "c", "notes/none/x").status == 2)
        #expect(try command.run("put", "c", "src", "notes/none").status == 2)
        #expect(try command.run("put", "nothing", "notes/x").status == 1)
        #expect(try command.run("put", "/dev/null", "notes/x").status == 1)
        #expect(try command.run("put", "src", "notes/e").status == 1)
        #expect(try command.run("mkdir", "notes/d").status == 0)
        #expect(try command.run("put", "c", "src", "notes/d").status == 0)
        #expect(try command.run("put", "-T", "c", "notes/d").status == 1)
        #expect(
            try paths(command)
                == ["/c", "/d", "/d/c", "/d/src", "/d/src/a", "/d/src/l", "/d/src/sub"]
                + ["/d/src/sub/b", "/e"])
    }

    @Test func whatCannotBePutIsNamedAndTheRestIsPut() throws {
        let command = try withNotes()
        #expect(try command.run("mkdir", "-p", "notes/d/a").status == 0)
        let result = try command.run("put", "src", "notes/d")
        #expect(result.status == 1)
        #expect(result.errors.contains("src/a: left out, /d/a is a folder"))
        #expect(try command.run("cat", "notes/d/sub/b").text == "bb\n")
    }

    @Test func standardInputBecomesAFile() throws {
        let command = try withNotes()
        let process = command.prepare(["put", "-", "notes/in"])
        let pipe = Pipe()
        process.standardInput = pipe
        try process.run()
        let text = String(repeating: "line\n", count: 30_000)
        try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try pipe.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try command.run("cat", "notes/in").text == text)
        let status = try command.run("stat", "notes/in", "--json").json.first
        #expect(status?["mode"].string == "0644")
        #expect(try command.run("put", "-", "notes/").status == 64)
        #expect(try command.run("put", "-", "c", "notes/x").status == 64)
        #expect(try command.run("put", "notes/x").status == 64)
    }

    @Test func rmRemovesWhatIsMeant() throws {
        let command = try withNotes()
        _ = try command.run("put", "src", "c", "notes/")
        #expect(try command.run("rm", "notes/src").status == 1)
        #expect(try command.run("rm", "notes/nothing").status == 2)
        #expect(try command.run("rm", "-f", "notes/nothing").status == 0)
        #expect(try command.run("rm", "notes").status == 64)
        #expect(try command.run("rm", "-rf", "notes/").status == 64)
        #expect(try command.run("rm", "nobody/x").status == 2)
        #expect(try command.run("rm", "notes+2/c").status == 8)
        #expect(try paths(command).count == 6)
        let gone = try command.run("rm", "-r", "notes/src", "notes/c", "--json")
        #expect(gone.json.last?["event"].string == "done")
        #expect(gone.json.last?["entries"].int == 6)
        #expect(try paths(command).isEmpty)
    }

    @Test func mkdirMakesFolders() throws {
        let command = try withNotes()
        #expect(try command.run("mkdir", "notes/a/b").status == 2)
        #expect(try command.run("mkdir", "-p", "-m", "710", "notes/a/b").status == 0)
        #expect(try command.run("mkdir", "-p", "notes/a/b").status == 0)
        #expect(try command.run("mkdir", "notes/a").status == 1)
        #expect(try command.run("mkdir", "notes/a/c", "notes/a/d").status == 0)
        #expect(try command.run("mkdir", "-m", "9", "notes/x").status == 64)
        #expect(try command.run("mkdir", "notes/a/../b").status == 64)
        #expect(try command.run("mkdir", "").status == 64)
        #expect(
            try command.run("mkdir", "notes/" + String(repeating: "x", count: 256)).status == 64)
        #expect(try paths(command) == ["/a", "/a/b", "/a/c", "/a/d"])
        let modes = try command.run("tree", "notes", "--json").json.map(\.["mode"].string)
        #expect(modes == ["0755", "0710", "0755", "0755"])
    }

    @Test func mvAndCpGoWhereTheyWould() throws {
        let command = try withNotes()
        _ = try command.run("put", "src", "c", "notes/")
        #expect(try command.run("mv", "notes/src", "notes/dst").status == 0)
        #expect(try command.run("mv", "notes/c", "notes/dst").status == 0)
        #expect(try command.run("mv", "notes/dst", "notes/dst/sub").status == 1)
        #expect(try command.run("mv", "notes/none", "notes/x").status == 2)
        #expect(try command.run("mv", "notes/dst").status == 64)
        #expect(try command.run("cp", "notes/dst", "notes/e").status == 1)
        let copy = try command.run("cp", "-r", "notes/dst", "notes/e", "--json")
        #expect(copy.json.last?["entries"].int == 6)
        #expect(copy.json.last?["bytes"].int == 0)
        #expect(try command.run("cp", "-n", "notes/e/c", "notes/e/a").status == 0)
        #expect(try command.run("cat", "notes/e/a").text == "a\n")
        #expect(try command.run("mv", "notes/e/c", "notes/e/a").status == 0)
        #expect(try command.run("cat", "notes/e/a").text == "ccc\n")
        #expect(try command.run("mv", "notes/e/a", "notes/e/sub/b", "notes/").status == 0)
        #expect(
            try paths(command)
                == ["/a", "/b", "/dst", "/dst/a", "/dst/c", "/dst/l", "/dst/sub", "/dst/sub/b"]
                + ["/e", "/e/l", "/e/sub"])
    }

    @Test func linkAndUnlinkNestDrives() throws {
        let command = try withNotes()
        let other = try command.run("create", "--name", "other").lines[0]
        _ = try command.run("put", "c", "other/")
        #expect(try command.run("mkdir", "notes/f").status == 0)
        #expect(try command.run("link", "notes/f/o", "other").status == 0)
        #expect(try command.run("link", "notes/f/o", "other").status == 1)
        #expect(try command.run("link", "notes/x/o", "other").status == 2)
        #expect(try command.run("link", "notes/self", "notes").status == 64)
        #expect(try command.run("link", "notes/c", "other/c").status == 64)
        #expect(try command.run("cat", "notes/f/o/c").text == "ccc\n")
        // Through the outer drive into the nested one, which is ours too.
        #expect(try command.run("mkdir", "notes/f/o/d").status == 0)
        #expect(try paths(command, "other") == ["/c", "/d"])
        #expect(try command.run("link", "notes/f/old", other + "+2").status == 0)
        #expect(try command.run("ls", "notes/f/old").lines == ["c"])
        #expect(try command.run("mkdir", "notes/f/old/d").status == 8)
        let foreign = String(repeating: "ab", count: 32)
        #expect(try command.run("link", "notes/f/foreign", foreign).status == 0)
        #expect(try command.run("rm", "notes/f/o").status == 1)
        #expect(try command.run("unlink", "notes/f").status == 1)
        #expect(try command.run("unlink", "notes/none").status == 2)
        for name in ["o", "old", "foreign"] {
            #expect(try command.run("unlink", "notes/f/" + name).status == 0)
        }
        #expect(try paths(command) == ["/f"])
        #expect(try paths(command, "other") == ["/c", "/d"])
    }

    @Test func restoreBringsAVersionBack() throws {
        let command = try withNotes()
        _ = try command.run("put", "src", "notes/d")
        let version = try #require(
            try command.run("info", "notes", "--json").json.first?["version"].int)
        let before = try command.run("tree", "notes", "--json").text
        _ = try command.run("rm", "-r", "notes/d/sub", "notes/d/l")
        _ = try command.run("put", "-T", "c", "notes/d/a")
        let back = try command.run("restore", "notes", "--version", "\(version)", "--json")
        #expect(back.status == 0, "\(back.text)")
        #expect(back.json.last?["event"].string == "done")
        #expect(try command.run("tree", "notes", "--json").text == before)
        #expect(try command.run("cat", "notes/d/sub/b").text == "bb\n")
        #expect(try command.run("restore", "notes/d", "--version", "1").status == 2)
        #expect(try command.run("restore", "notes/d", "--version", "4711").status == 64)
        #expect(try command.run("restore", "notes/d", "--version", "0").status == 64)
        #expect(try command.run("restore", "notes/d").status == 64)
        #expect(try command.run("restore", "notes/d/none", "--version", "\(version)").status == 2)
    }

    @Test func whatIsNotOursIs8() throws {
        let command = try withNotes()
        let key = String(repeating: "ab", count: 32)
        for arguments in [
            ["put", "c", key], ["rm", key + "/x"], ["mkdir", key + "/x"],
            ["mv", "notes/x", key + "/x"], ["unlink", key + "/x"],
            ["restore", key, "--version", "1"],
        ] {
            let result = try command.run(arguments + ["--json"])
            #expect(result.status == 8, "\(arguments): \(result.text)")
            #expect(result.json.last?["code"].string == "not-writable")
        }
    }

    @Test func aDriveThatFollowsAFolderIsLeftToIt() async throws {
        let command = try withNotes()
        let sharing = try RunningCommand(
            command, ["share", command.home("src"), "--offline", "--json"])
        let key = try #require(await sharing.event("ready"))["key"].string
        _ = sharing.end()
        for arguments in [
            ["rm", key + "/a"], ["put", "c", key], ["mv", key + "/a", key + "/b"],
            ["mv", key + "/a", "notes/"],
        ] {
            let result = try command.run(arguments)
            #expect(result.status == 8, "\(result.errors)")
            #expect(result.errors.contains(command.home("src")) || result.errors.contains("/src"))
        }
        #expect(try command.run("cp", key + "/a", "notes/").status == 0)
        #expect(try command.run("cat", "notes/a").text == "a\n")
        #expect(try paths(command, key).count == 4)
    }
}
