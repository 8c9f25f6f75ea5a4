import Foundation
import TestSupport
import Testing

/// Commands that change or miss something, and their exit codes.
@Suite(.timeLimit(.minutes(2)))
struct StoreCommandTests {
    @Test func createPrintsAKeyAndTheNameWorksFromThenOn() throws {
        let command = try Command()
        let created = try command.run("create", "--name", "notes", "--json")
        #expect(created.status == 0, "\(created.errors)")
        let event = try #require(created.json.first)
        #expect(event["event"].string == "key")
        let key = event["key"].string
        #expect(key.utf8.count == 64)
        #expect(event["url"].string == "hyper://" + key)
        #expect(event["writable"].bool)

        let info = try command.run("info", "notes", "--json")
        #expect(info.json.first?["key"].string == key)
        #expect(info.json.first?["version"].int == 1)
        #expect(info.json.first?["writable"].bool == true)
        let list = try command.run("ls", "notes")
        #expect(list.status == 0)
        #expect(list.output.isEmpty)
        let drives = try command.run("drives", "--json")
        #expect(drives.json.map(\.["key"].string) == [key])
        #expect(drives.json.first?["name"].string == "notes")

        let plain = try command.run("create")
        #expect(plain.lines.count == 1)
        #expect(plain.lines.first != key)
        #expect(try command.run("create", "--name", "notes").status == 64)
        #expect(try command.run("drives", "--json").json.count == 2)
    }

    @Test func whatADiskHasSpoiltIsNotShown() throws {
        let command = try Command()
        try "hello\n".write(toFile: command.home("file"), atomically: false, encoding: .utf8)
        #expect(try command.run("create", "--name", "notes").status == 0)
        #expect(try command.run("put", "file", "notes/file").status == 0)
        #expect(try command.run("cat", "notes/file", "--offline").text == "hello\n")
        let files = try FileManager.default.subpathsOfDirectory(atPath: command.home("store"))
        let data = try #require(
            files.map { command.home("store/" + $0) }.first {
                $0.hasSuffix("/data")
                    && FileManager.default.contents(atPath: $0) == Data("hello\n".utf8)
            })
        try "jello\n".write(toFile: data, atomically: false, encoding: .utf8)
        for words in [["cat", "notes/file"], ["get", "notes/file", "copy"]] {
            let result = try command.run(words + ["--offline"])
            #expect(result.status == 7, "\(words): \(result.errors)")
            #expect(result.output.isEmpty)
            #expect(result.errors.contains("/file: block 0 is damaged"), "\(result.errors)")
        }
    }

    @Test func secretsAreForTheOwnerOnly() throws {
        let command = try Command()
        _ = try command.run("create", "--name", "n")
        for (name, mode) in [
            ("store", 0o700), ("store/master_key", 0o600), ("store/hyperfs", 0o700),
            ("store/hyperfs/drives.json", 0o600),
        ] {
            let attributes = try FileManager.default.attributesOfItem(atPath: command.home(name))
            #expect(attributes[.posixPermissions] as? Int == mode, "\(name)")
        }
    }

    @Test(arguments: [
        ["ls", "nobody"], ["info", String(repeating: "ab", count: 32), "--no-discovery"],
        ["cat", String(repeating: "ab", count: 32) + "/x", "--offline"],
        ["get", "nobody", "out"],
    ])
    func whatIsNotThereIs2(arguments: [String]) throws {
        let command = try Command()
        let result = try command.run(arguments)
        #expect(result.status == 2, "\(result.errors)")
        #expect((2...3).contains(result.errors.split(separator: "\n").count))
        let json = try command.run(arguments + ["--json"])
        #expect(json.status == 2)
        #expect(json.json.last?["code"].string == "not-found")
    }

    @Test func aMissingPathOfAKnownDriveIs2() throws {
        let command = try Command()
        _ = try command.run("create", "--name", "notes")
        #expect(try command.run("ls", "notes/x").status == 2)
        #expect(try command.run("stat", "notes/x").status == 2)
        #expect(try command.run("get", "notes/x", "out").status == 2)
        #expect(try command.run("cat", "notes").status == 1)
    }

    @Test func aLockedStoreCanBeLookedAtButNotChanged() throws {
        let command = try Command()
        _ = try command.run("create", "--name", "notes")
        let lock = open(command.home("store/lock"), O_RDWR)
        #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
        defer { close(lock) }
        #expect(try command.run("ls", "notes").status == 0)
        #expect(try command.run("drives").status == 0)
        let refused = try command.run("create", "--json")
        #expect(refused.status == 6)
        #expect(refused.json.last?["code"].string == "store-locked")
        // The network would be needed, and the network is the lock holder's.
        let key = String(repeating: "ab", count: 32)
        #expect(try command.run("ls", key, "--peer", "127.0.0.1:9").status == 6)
    }

    @Test func aStoreThatCannotBeIsSaidSo() throws {
        let command = try Command()
        _ = FileManager.default.createFile(atPath: command.home("file"), contents: nil)
        let result = try command.run("create", "--store", command.home("file"))
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.errors.contains(command.home("file")))
    }

    @Test func foldersThatCannotBeSharedAreSaidSoBeforeAStoreIsMade() throws {
        let command = try Command()
        _ = FileManager.default.createFile(atPath: command.home("file"), contents: nil)
        for name in ["missing", "file"] {
            let result = try command.run("share", name)
            #expect(result.status == 1)
            #expect(result.errors.contains(name))
            #expect(!FileManager.default.fileExists(atPath: command.home("store")))
        }
        _ = try command.run("create")
        let inside = try command.run("share", command.home.path)
        #expect(inside.status == 1)
        #expect(inside.errors.contains("secret keys"))
    }

    @Test func thePlaceOfTheStoreFollowsTheEnvironment() throws {
        var command = try Command()
        command.environment = ["HYPERFS_STORE": "", "XDG_DATA_HOME": command.home("data")]
        #expect(try command.run("create").status == 0)
        #expect(FileManager.default.fileExists(atPath: command.home("data/hyperfs/master_key")))
    }

    @Test func anAddressInUseIs9() throws {
        let command = try Command()
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 1) == 0
                    && getsockname(socket, $0, &size) == 0
            }
        }
        #expect(isBound)
        let port = UInt16(bigEndian: address.sin_port)
        let key = String(repeating: "ab", count: 32)
        let result = try command.run("ls", key, "--listen", "127.0.0.1:\(port)", "--json")
        #expect(result.status == 9, "\(result.text)")
        #expect(result.json.last?["code"].string == "network")
    }

    @Test func aPeerThatRefusesEndsTheWaitEarly() throws {
        let command = try Command()
        let key = String(repeating: "ab", count: 32)
        let result = try command.run(
            "ls", key, "--listen", "127.0.0.1:0", "--peer", "127.0.0.1:9", "--timeout", "0.3")
        #expect(result.status == 2, "\(result.errors)")
        #expect(result.errors.contains("127.0.0.1:9"))
    }

    @Test func unmountingWhatIsNotMountedIs3() throws {
        let command = try Command()
        let result = try command.run("unmount", command.home.path, "--json")
        #expect(result.status == 3, "\(result.text)\(result.errors)")
        #expect(result.json.last?["code"].string == "not-mounted")
    }

    @Test func mountpointsThatCannotBeAreSaidSoBeforeAnythingElse() throws {
        let command = try Command()
        let hasFuse = FileManager.default.fileExists(atPath: "/dev/fuse")
        #expect(hasFuse || !ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
        _ = FileManager.default.createFile(atPath: command.home("file"), contents: nil)
        let key = String(repeating: "ab", count: 32)
        for name in ["missing", "file", "."] {
            let result = try command.run("mount", key, name, "--json")
            #expect(result.status == (hasFuse ? 4 : 5), "\(name): \(result.text)")
            let code = hasFuse ? "mountpoint-unusable" : "fuse-unavailable"
            #expect(result.json.last?["code"].string == code)
        }
        #expect(!FileManager.default.fileExists(atPath: command.home("store")))
    }
}
