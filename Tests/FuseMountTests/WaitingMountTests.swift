import FileTree
import FuseMount
import Glibc
import Hyperdrive
import TestSupport
import Testing

extension FuseMountTests {
    /// Blocks that come late or never, and changes.
    @Suite(.timeLimit(.minutes(2))) struct Waiting {
        @Test func aReadThatNobodyAnswersEndsInETIMEDOUT() async throws {
            let folder = try MountedFolder(isForeign: true, timeout: .milliseconds(200)) {
                try $0.writeFile("/f", pattern(1000), mtime: 1000)
            }
            #expect(try await Shell.run("stat \(folder.path)/f").status == 0)
            folder.peer.become(.silent)
            let result = try await Shell.run("cat \(folder.path)/f")
            #expect(result.output.contains("Connection timed out"))
            #expect(await failure { access(folder("unseen"), F_OK) } != 0)
            folder.peer.become(.prompt)
            #expect(await slurp(folder("f")) == pattern(1000))
        }

        @Test func aBlockedReaderIsInterruptedAndOthersAreServed() async throws {
            let folder = try MountedFolder(isForeign: true, timeout: .seconds(600)) {
                try $0.writeFile("/f", pattern(1000), mtime: 1000)
                try $0.writeFile("/g", pattern(900), mtime: 1000)
                try $0.writeFile("/h", pattern(800), mtime: 1000)
            }
            #expect(await slurp(folder("g")) == pattern(900))
            #expect(try await Shell.run("stat \(folder.path)/f \(folder.path)/h").status == 0)
            folder.peer.become(.holding)
            let cats = try (0..<20).map { _ in try Shell("exec cat \(folder.path)/f") }
            while folder.tree.waitingCount == 0 { await Task.yield() }
            #expect(await slurp(folder("g")) == pattern(900))
            #expect(try await Shell.run("ls \(folder.path)").output == "f\ng\nh\n")
            for cat in cats { kill(cat.process, SIGINT) }
            for cat in cats { #expect(await cat.finish().status == 128 + SIGINT) }
            folder.peer.deliver()
            // The kernel's own read for its cache outlives the readers; one past it does not.
            while folder.tree.waitingCount > 0 { await Task.yield() }
            let direct = try Shell("exec dd if=\(folder.path)/h iflag=direct of=/dev/null")
            while folder.tree.waitingCount == 0 { await Task.yield() }
            kill(direct.process, SIGINT)
            #expect(await direct.finish().status != 0)
            while folder.tree.waitingCount > 0 { await Task.yield() }
            #expect(folder.peer.waitingCount == 0)
            folder.peer.become(.prompt)
            #expect(await slurp(folder("f")) == pattern(1000))
        }

        @Test func aChangeShowsThroughEveryCacheOfTheKernel() async throws {
            let folder = try MountedFolder {
                try $0.writeFile("/d/f", Array("old".utf8), mtime: 1000)
                try $0.writeFile("/d/gone", Array("x".utf8), mtime: 1000)
            }
            #expect(await slurp(folder("d/f")) == Array("old".utf8))
            #expect(await failure { access(folder("d/new"), F_OK) } == ENOENT)
            #expect(try await Shell.run("ls \(folder.path)/d").output == "f\ngone\n")
            let reader = open(folder("d/f"), O_RDONLY)
            defer { close(reader) }
            try folder.drive.writeFile("/d/f", Array("newer".utf8), mtime: 2000)
            try folder.drive.writeFile("/d/new", Array("n".utf8), mtime: 2000)
            try folder.drive.apply([.delete(path: "/d/gone")])
            while await slurp(folder("d/f")) != Array("newer".utf8) { await Task.yield() }
            while access(folder("d/new"), F_OK) != 0 { await Task.yield() }
            while access(folder("d/gone"), F_OK) == 0 { await Task.yield() }
            #expect(try await Shell.run("ls \(folder.path)/d").output == "f\nnew\n")
            var chunk = [UInt8](repeating: 0, count: 16)
            #expect(read(reader, &chunk, 16) == 3, "an open file stays what it was")
            #expect(Array(chunk[..<3]) == Array("old".utf8))
        }

        @Test func blocksThatWereFetchedAreCounted() async throws {
            let folder = try MountedFolder(isForeign: true) {
                try $0.writeFile("/f", pattern(1_000_000), mtime: 1000)
            }
            var status = stat()
            #expect(stat(folder("f"), &status) == 0)
            #expect(status.st_blocks <= 1)
            #expect(await slurp(folder("f"))?.count == 1_000_000)
            // The kernel is told right after the bytes were.
            while status.st_blocks * 512 < 1_000_000 { _ = stat(folder("f"), &status) }
        }
    }

    /// Coming and going.
    @Suite(.timeLimit(.minutes(2))) struct Life {
        @Test func whatUnmountsItFromOutsideIsNoticed() async throws {
            for command in ["umount", "fusermount3 -u"] {
                let folder = try MountedFolder { try $0.writeFile("/f", [1], mtime: 1) }
                #expect(await slurp(folder("f")) == [1])
                #expect(try await Shell.run("\(command) \(folder.path)").status == 0)
                await blocking { folder.mount.wait() }
                #expect(await failure { access(folder("f"), F_OK) } == ENOENT)
                folder.mount.unmount()
            }
        }

        @Test func anUnmountTakesABusyMountAwayAndEndsItsWaits() async throws {
            let folder = try MountedFolder(isForeign: true, timeout: .seconds(600)) {
                try $0.writeFile("/f", pattern(1000), mtime: 1)
            }
            let file = open(folder("f"), O_RDONLY)
            #expect(file >= 0)
            folder.peer.become(.silent)
            let cat = try Shell("exec cat \(folder.path)/f")
            while folder.tree.waitingCount == 0 { sched_yield() }
            await blocking { folder.end() }
            #expect(await cat.finish().status != 0)
            #expect(await failure { access(folder("f"), F_OK) } == ENOENT)
            var byte: UInt8 = 0
            #expect(read(file, &byte, 1) < 0)
            close(file)
            #expect(folder.tree.waitingCount == 0)
        }

        @Test func anUnusableMountpointIsRefusedWithARemedy() async throws {
            let folder = try MountedFolder { try $0.writeFile("/f", [1], mtime: 1) }
            let scratch = try TemporaryFolder()
            try Array("x".utf8).withUnsafeBytes { bytes in
                let file = open(scratch("file"), O_WRONLY | O_CREAT, 0o644)
                try #require(write(file, bytes.baseAddress, 1) == 1)
                close(file)
            }
            let cases: [(String, String)] = [
                (scratch("missing"), "does not exist"), (scratch("file"), "is not a folder"),
                (scratch.path, "is not empty"), (folder.path, "is mounted already"),
            ]
            for (path, reason) in cases {
                let error = try #require(throws: MountError.self) {
                    _ = try Mount(
                        tree: folder.tree, at: path, options: Mount.Options(source: "x"))
                }
                #expect(error.code == .mountpointUnusable)
                #expect(error.message.contains(reason), "\(error.message)")
                #expect(!error.hint.isEmpty)
            }
            var options = Mount.Options(source: "x")
            options.extra = ["nosuchoption"]
            let empty = try TemporaryFolder()
            #expect(throws: MountError.self) {
                _ = try Mount(tree: folder.tree, at: empty.path, options: options)
            }
            let error = try #require(throws: MountError.self) {
                try Mount.unmount(empty.path, lazy: false)
            }
            #expect(error.code == .notMounted)
        }

        @Test func aDeadMountIsClearedAway() async throws {
            let folder = try MountedFolder { try $0.writeFile("/f", [1], mtime: 1) }
            let minor =
                try await Shell.run("mountpoint -d \(folder.path)").output
                .split(separator: ":").last.map { $0.filter(\.isNumber) } ?? ""
            let abort = "echo 1 > /sys/fs/fuse/connections/\(minor)/abort"
            guard access("/sys/fs/fuse/connections/\(minor)/abort", W_OK) == 0 else {
                let mount = "mount -t fusectl none /sys/fs/fuse/connections"
                try #require(await Shell.run(mount).status == 0)
                try await die(folder, abort)
                return
            }
            try await die(folder, abort)
        }

        private func die(_ folder: MountedFolder, _ abort: String) async throws {
            #expect(try await Shell.run(abort).status == 0)
            await blocking { folder.mount.wait() }
            let isDead = await failure {
                var status = statvfs()
                return statvfs(folder.path, &status)
            }
            #expect(isDead == ENOTCONN)
            let tree = Tree(drive: folder.drive)
            let again = try Mount(
                tree: tree, at: folder.path, options: Mount.Options(source: "hyper://again"))
            #expect(again.notes.contains { $0.contains("is gone") })
            #expect(await slurp(folder("f")) == [1])
            again.unmount()
            #expect(await failure { access(folder("f"), F_OK) } == ENOENT)
        }
    }
}
