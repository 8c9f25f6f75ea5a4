import FileTree
import FuseMount
import Glibc
import Hypercore
import Hyperdrive
import Hypertrie
import Testing

/// What programs see of drives whose writers mean harm.
extension FuseMountTests {
    @Suite(.timeLimit(.minutes(1))) struct Hostile {
        @Test func programsGetErrorsAndNothingHangs() async throws {
            let folder = try MountedFolder(isForeign: true) { drive in
                try drive.writeFile("/dir/good", Array("good\n".utf8), mtime: 1_000_000)
                let trie = try Trie(feed: drive.metadata)
                var stat = try #require(try drive.entry("/dir/good")).stat
                stat.mode = 0o106755
                for name in ["..", "a\0b", String(repeating: "n", count: 300), "suid"] {
                    try trie.put("dir/" + name, stat.encoded())
                }
                stat.byteOffset = 1 << 40
                try trie.put("dir/far", stat.encoded())
                stat.size = .max
                try trie.put("dir/enormous", stat.encoded())
                try trie.put("dir/nonsense", [0xff])
                try drive.apply([
                    .put(path: "/dir/link", stat: .symlink("/etc/../../../x", mtime: 1)),
                    .mount(
                        path: "/dir/self", key: drive.key, version: nil,
                        stat: .directory(mtime: 1)),
                ])
            }
            let at = folder.path + "/dir"
            let run = { (line: String) in
                try await Shell.run("export LC_ALL=C; cd \(at); timeout 20 \(line)").output
            }
            #expect(try await run("ls -A") == "far\ngood\nlink\nself\nsuid\n")
            #expect(try await run("stat -c %a suid") == "755\n")
            #expect(try await run("readlink link") == "/etc/../../../x\n")
            #expect(try await run("cat good far").hasPrefix("good\ncat: far: Input/output"))
            for name in ["enormous", "nonsense"] {
                #expect(try await run("cat \(name)").contains("Input/output error"))
            }
            #expect(try await run("ls self").contains("Too many levels of symbolic links"))
            #expect(try await run("cat $(printf %0300d 0)").contains("File name too long"))
            let found = try await run("find .. -name good")
            #expect(found.contains("../dir/good\n") && found.contains("Too many levels"))
            // Nothing of it gives rights or makes devices, even if a drive of our own says so.
            let options = try await Shell.run("grep ' \(folder.path) ' /proc/mounts").output
            #expect(options.contains("nosuid") && options.contains("nodev"))
        }
    }
}
