import Corestore
import FileTree
import FuseMount
import Glibc
import Hyperdrive
import TestSupport
import Testing

/// One drive that is mounted twice and nested in a third mount, with the real kernel's caches.
extension FuseMountTests {
    @Suite(.timeLimit(.minutes(1))) struct Shared {
        /// A and B show the drive, C has it nested as C/in.
        private final class Mounts: Sendable {
            let folder: TemporaryFolder
            let drive: Drive
            private let mounted: [(tree: Tree, mount: Mount)]

            init() throws {
                folder = try TemporaryFolder()
                let store = try Store(folder: folder("store"))
                let drive = try Drive.create(in: store, name: "drive")
                let outer = try Drive.create(in: store, name: "outer")
                try outer.apply([
                    .mount(path: "/in", key: drive.key, version: nil, stat: .directory(mtime: 1))
                ])
                self.drive = drive
                var configuration = Tree.Configuration()
                configuration.uid = getuid()
                configuration.gid = getgid()
                configuration.stagingFolder = folder("store/hyperfs/staging")
                mounted = try [("A", drive), ("B", drive), ("C", outer)].map {
                    [folder] name, drive in
                    try #require(mkdir(folder(name), 0o755) == 0)
                    let tree = Tree(drive: drive, configuration: configuration)
                    var options = Mount.Options(source: "hyper://test")
                    options.readOnly = false
                    return (tree, try Mount(tree: tree, at: folder(name), options: options))
                }
            }

            deinit { end() }

            func end() {
                for (tree, mount) in mounted {
                    mount.unmount()
                    tree.close()
                }
            }

            /// Runs a script in which `is COMMAND... TEXT` waits until the command prints the text.
            func run(_ script: String) async throws -> (output: String, status: Int32) {
                try await Shell.run(
                    """
                    set -e; export LC_ALL=C; cd \(folder.path)
                    is() {
                        for i in $(seq 200); do
                            [ "$($1 2>&1)" = "$2" ] && return 0
                            sleep 0.02
                        done
                        echo "$1: not '$2' but '$($1 2>&1)'"; exit 1
                    }
                    \(script)
                    """)
            }
        }

        @Test func whatIsWrittenAtOneIsSeenAtAll() async throws {
            let mounts = try Mounts()
            let result = try await mounts.run(
                """
                echo one > A/f
                for m in A B C/in; do is "cat $m/f" one; done
                echo three > C/in/f
                for m in A B C/in; do is "cat $m/f" three; is "stat -c %s $m/f" 6; done
                printf xx | dd of=B/f bs=1 seek=1 conv=notrunc status=none
                for m in A B C/in; do is "cat $m/f" txxee; done
                is "ls C/in" f; is "ls A" f; is "cat B/g" "cat: B/g: No such file or directory"
                mkdir A/d; echo in > A/d/g
                for m in A B C/in; do is "ls -m $m" "d, f"; is "cat $m/d/g" in; done
                mv B/d B/e
                for m in A B C/in; do is "ls -m $m" "e, f"; is "cat $m/e/g" in; done
                rm C/in/e/g; rmdir C/in/e; chmod 600 C/in/f
                for m in A B C/in; do is "ls $m" f; is "stat -c %a $m/f" 600; done
                """)
            #expect(result.status == 0, "\(result.output)")
            mounts.end()
            #expect(try mounts.drive.read("/f") == Array("txxee\n".utf8))
        }

        @Test func acrossTheBorderFilesAreCopied() async throws {
            let mounts = try Mounts()
            let result = try await mounts.run(
                """
                seq 30000 > C/numbers; mkdir C/folder; echo x > C/folder/x
                cp C/numbers C/in/copy; cmp C/numbers C/in/copy
                mv C/numbers C/in/moved; cmp C/in/copy C/in/moved; test ! -e C/numbers
                mv C/folder C/in/; cat C/in/folder/x
                mv C/in/folder C/back; cat C/back/x
                mv C/in C/out 2>&1 || true; rmdir C/in 2>&1 || true
                df C C/in > /dev/null; stat -f -c %T C/in > /dev/null
                """)
            #expect(result.status == 0, "\(result.output)")
            let lines = result.output.split(separator: "\n")
            #expect(lines.prefix(2) == ["x", "x"])
            #expect(lines.dropFirst(2).allSatisfy { $0.contains("busy") } && lines.count == 4)
        }

        /// A program beside the mounts changes the drive itself.
        @Test func changesPastTheMountsAreFollowed() async throws {
            let mounts = try Mounts()
            let first = try await mounts.run(
                "echo old > A/f; sync A/f; is 'cat B/f' old; is 'ls C/in' f")
            #expect(first.status == 0, "\(first.output)")
            try mounts.drive.writeFile("/f", Array("new, and longer\n".utf8), mtime: 5)
            try mounts.drive.writeFile("/g", Array("g\n".utf8), mtime: 5)
            let second = try await mounts.run(
                """
                for m in A B C/in; do is "cat $m/f" "new, and longer"; is "cat $m/g" g; done
                echo mine > B/g; is 'cat A/g' mine; sync A/g
                """)
            #expect(second.status == 0, "\(second.output)")
            #expect(try mounts.drive.read("/g") == Array("mine\n".utf8))
        }
    }
}
