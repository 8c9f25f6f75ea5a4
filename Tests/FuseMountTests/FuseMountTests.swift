import FileTree
import FuseMount
import Glibc
import Hyperdrive
import Testing

/// Real mounts, one at a time: the kernel's table of them is one for all.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: Fuse.isHere, "needs /dev/fuse and the right to mount"))
struct FuseMountTests {}

/// Bytes that differ at every place.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}

extension FuseMountTests {
    /// What programs see.
    @Suite(.timeLimit(.minutes(2))) struct Reading {
        @Test func programsReadTheDriveAsAnyFolder() async throws {
            let big = pattern(3_000_001)
            let folder = try MountedFolder { drive in
                try drive.writeFile("/docs/hello.txt", Array("hello\n".utf8), mtime: 1_000_000_000)
                try drive.writeFile("/docs/deep/er/big", big, mode: 0o600, mtime: 1_000_000_000)
                try drive.writeFile("/empty", [], mtime: 1_000_000_000)
                try drive.apply([
                    .put(path: "/link", stat: .symlink("docs/hello.txt", mtime: 1_000_000_000))
                ])
            }
            let at = folder.path
            #expect(try await Shell.run("cat \(at)/docs/hello.txt").output == "hello\n")
            #expect(try await Shell.run("cat \(at)/link").output == "hello\n")
            #expect(try await Shell.run("readlink \(at)/link").output == "docs/hello.txt\n")
            #expect(try await Shell.run("ls -A \(at)").output == "docs\nempty\nlink\n")
            #expect(
                try await Shell.run("cd \(at) && find . | LC_ALL=C sort").output == """
                    .
                    ./docs
                    ./docs/deep
                    ./docs/deep/er
                    ./docs/deep/er/big
                    ./docs/hello.txt
                    ./empty
                    ./link

                    """)
            #expect(await slurp(folder("docs/deep/er/big")) == big)
            #expect(await slurp(folder("empty")) == [])
            #expect(
                try await Shell.run("stat -c '%a %s %Y %h %F' \(at)/docs/deep/er/big").output
                    == "600 3000001 1000000 1 regular file\n")
            #expect(try await Shell.run("cp -r \(at)/docs \(at)-copy").status == 0)
            #expect(try await Shell.run("diff -r \(at)/docs \(at)-copy").output == "")
            #expect(
                try await Shell.run(
                    "dd if=\(at)/docs/deep/er/big bs=1M iflag=direct status=none | cksum"
                )
                .output == Shell.run("cksum < \(at)-copy/deep/er/big").output)
        }

        @Test func theMountTableNamesTheDriveAndNothingCanBeWritten() async throws {
            let folder = try MountedFolder { try $0.writeFile("/f", [1, 2, 3], mtime: 1) }
            let line = try await Shell.run("grep ' \(folder.path) ' /proc/mounts").output
            #expect(line.hasPrefix("hyper://test \(folder.path) fuse.hyperfs ro,nosuid,nodev"))
            #expect(await failure { open(folder("f"), O_WRONLY) } == EROFS)
            #expect(await failure { open(folder("new"), O_WRONLY | O_CREAT, 0o644) } == EROFS)
            #expect(await failure { mkdir(folder("d"), 0o755) } == EROFS)
            #expect(await failure { unlink(folder("f")) } == EROFS)
            #expect(await failure { rename(folder("f"), folder("g")) } == EROFS)
            #expect(await failure { chmod(folder("f"), 0o777) } == EROFS)
            #expect(await failure { truncate(folder("f"), 0) } == EROFS)
            #expect(await failure { access(folder("f"), W_OK) } == EROFS)
            #expect(await failure { access(folder("f"), R_OK) } == 0)
            #expect(await failure { open(folder("none"), O_RDONLY) } == ENOENT)
            #expect(await failure { open(folder("f/x"), O_RDONLY) } == ENOTDIR)
        }

        @Test func tenThousandEntriesAreListedOnce() async throws {
            let folder = try MountedFolder { drive in
                try drive.writeFile("/many/shared", [7], mtime: 1000)
                let stat = try #require(try drive.entry("/many/shared")).stat
                try drive.apply(
                    (0..<10_000).map { .put(path: "/many/file-\($0)", stat: stat) })
            }
            #expect(try await Shell.run("ls -f \(folder.path)/many | sort | uniq -d").output == "")
            #expect(try await Shell.run("ls -l \(folder.path)/many | wc -l").output == "10002\n")
            #expect(
                try await Shell.run("find \(folder.path)/many -type f -size 1c | wc -l").output
                    == "10001\n")
            // And again, from what the kernel kept.
            #expect(try await Shell.run("ls -U \(folder.path)/many | wc -l").output == "10001\n")
        }

        @Test func attributesSpaceAndControlFilesAreShown() async throws {
            let folder = try MountedFolder { drive in
                try drive.writeFile("/f", pattern(100_000), mtime: 1000)
                var stat = try #require(try drive.entry("/f")).stat
                stat.attributes = [("user.note", Array("mine".utf8))]
                try drive.apply([.put(path: "/f", stat: stat)])
            }
            let at = folder.path
            let list = try await Shell.run("getfattr --absolute-names -d \(at)/f").output
            #expect(list == "# file: \(at)/f\nuser.note=\"mine\"\n\n")
            for (name, value) in [("key", folder.drive.key.hex), ("cached", "100000")] {
                let command = "getfattr --absolute-names --only-values -n user.hyperfs.\(name)"
                #expect(try await Shell.run("\(command) \(at)/f").output == value)
            }
            #expect(
                try await Shell.run(
                    "getfattr --absolute-names --only-values -n user.hyperfs.version \(at)"
                )
                .output == "\(folder.drive.version)")
            #expect(try await Shell.run("getfattr -n user.none \(at)/f").status != 0)
            #expect(try await Shell.run("stat -f -c %T \(at)").status == 0)
            #expect(try await Shell.run("df \(at)").status == 0)
            #expect(await slurp(folder(".hyperfs/status.json")) == Array("{}\n".utf8))
            #expect(
                try await Shell.run("ls \(at)/.hyperfs").output
                    == "peers.json\nstatus.json\nversions\n")
            #expect(
                try await Shell.run("cat \(at)/.hyperfs/versions/2/f | wc -c").output == "100000\n")
        }

        @Test func copiesWithRsyncAndSparseTarAreWhole() async throws {
            let folder = try MountedFolder(isForeign: true) { drive in
                for index in 0..<20 {
                    try drive.writeFile(
                        "/d/\(index)", pattern(index * 7000, seed: UInt64(index)), mtime: 1_000_000)
                }
            }
            let at = folder.path
            let tar = "tar -C \(at) -cSf - d | (mkdir \(at)-tar && tar -C \(at)-tar -xf -)"
            #expect(try await Shell.run(tar).status == 0)
            #expect(try await Shell.run("diff -r \(at)/d \(at)-tar/d").output == "")
            #expect(try await Shell.run("rsync -aHAX \(at)/d \(at)-copy/").status == 0)
            #expect(
                try await Shell.run("rsync -aHAX --checksum -n -i \(at)/d \(at)-copy/").output == ""
            )
        }
    }
}
