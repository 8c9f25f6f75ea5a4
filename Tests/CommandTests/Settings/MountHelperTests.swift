import Foundation
import Node
import TestSupport
import Testing

@testable import hyperfs

/// The command as mount(8) calls it.
@Suite(.timeLimit(.minutes(1)))
struct MountHelperTests {
    private func helper(_ words: String...) throws -> MountHelper {
        try MountHelper(words, mount: VerbTable().options(of: "mount") ?? [:])
    }

    @Test func itsArgumentsBecomeThoseOfMount() throws {
        let all = try helper(
            "hyper://x", "/mnt", "-nv", "-o", "ro,cache_size=1G,_netdev,x-systemd.automount",
            "-t", "fuse.hyperfs", "-oallow-other,peer=a:1,noatime,store=/a\\,b")
        #expect(
            all.arguments == [
                "mount", "--verbose", "-o", "ro", "--cache-size=1G", "--allow-other", "--peer=a:1",
                "-o", "noatime", "--store=/a,b", "--", "hyper://x", "/mnt",
            ])
        #expect(!all.isFake)
        #expect(try helper("a", "b", "-f").isFake)
        #expect(try helper("a", "b").arguments == ["mount", "--", "a", "b"])
    }

    @Test func whatItDoesNotKnowIsNamed() throws {
        for words in [["a"], ["a", "b", "c"], ["a", "b", "-x"], ["a", "b", "-o"]] {
            let error = #expect(throws: NodeError.self) {
                try MountHelper(words, mount: VerbTable().options(of: "mount") ?? [:])
            }
            #expect(error?.code == .usage)
        }
        let error = #expect(throws: NodeError.self) { try helper("a", "b", "-o", "ro,frob=1") }
        #expect(error?.message.contains("frob=1") == true)
        // A flag takes no value, an option does.
        #expect(throws: NodeError.self) { try helper("a", "b", "-o", "offline=1") }
        #expect(throws: NodeError.self) { try helper("a", "b", "-o", "peer") }
        #expect(try helper("a", "b", "-so", "frob=1").arguments == ["mount", "--", "a", "b"])
        #expect(throws: NodeError.self) { try helper("a", "b", "-N", "7") }
    }

    @Test func itIsKnownByItsName() {
        #expect(MountHelper.isMeant(by: "/sbin/mount.hyperfs"))
        #expect(MountHelper.isMeant(by: "mount.fuse.hyperfs"))
        #expect(!MountHelper.isMeant(by: "/usr/bin/hyperfs"))
        #expect(!MountHelper.isMeant(by: ""))
    }

    @Test(arguments: [
        (["a"], 1), (["no-such-drive", "/mnt", "-o", "offline"], 32),
        (["\(String(repeating: "ab", count: 32))", "/nowhere/at/all", "-o", "offline"], 32),
        (["a", "b", "-o", "timeout=soon"], 1), (["a", "b", "-f"], 0),
    ])
    func itsExitCodesAreThoseOfMount(words: [String], status: Int) throws {
        let command = try Command()
        let link = command.home("mount.hyperfs")
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: Command.binary)
        let process = command.prepare([])
        process.executableURL = URL(fileURLWithPath: link)
        process.arguments = words
        // Neither HOME nor PATH, as under systemd.
        process.environment = ["HYPERFS_STORE": command.home("store")]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(Int(process.terminationStatus) == status)
    }
}

/// The helper really mounting, by a node in the background.
@Suite(.timeLimit(.minutes(1)))
struct HelperMountTests {
    @Test func aDriveIsMountedByTheHelperAndUnmountedByTheSystem() throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
            return
        }
        let command = try Command()
        #expect(try command.run("create", "--name", "notes").status == 0)
        let folder = command.home("mnt")
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let link = command.home("mount.fuse.hyperfs")
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: Command.binary)
        let process = command.prepare([])
        process.executableURL = URL(fileURLWithPath: link)
        process.arguments = ["notes", folder, "-o", "rw,offline,noatime,_netdev,x-test.y"]
        process.environment = process.environment?.filter { $0.key != "HOME" && $0.key != "PATH" }
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/a"))
        let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8)
        let line = mounts.split(separator: "\n").first { $0.contains(folder) } ?? ""
        #expect(line.contains(" fuse.hyperfs "))
        #expect(line.contains("noatime"))
        let umount = Process()
        umount.executableURL = URL(fileURLWithPath: "/usr/bin/umount")
        umount.arguments = [folder]
        try umount.run()
        umount.waitUntilExit()
        #expect(umount.terminationStatus == 0)
        let read = try command.run("cat", "notes/a", "--offline")
        #expect(read.text == "x")
    }
}
