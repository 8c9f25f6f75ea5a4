import Foundation
import TestSupport
import Testing

/// Who mounts somebody else's drive with little room for it.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct ReaderTests {
    private static let fileBytes = 4 << 20

    private static func files(_ count: Int) -> [String: Data] {
        Dictionary(
            uniqueKeysWithValues: (0..<count).map { ("f\($0)", SharingSide.bytes(fileBytes, $0)) })
    }

    private static func used(_ path: String) -> Int {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
        return names.reduce(0) { sum, name in
            var status = stat()
            return lstat(path + "/" + name, &status) == 0 ? sum + Int(status.st_blocks) * 512 : sum
        }
    }

    /// A full disk turns keeping off, never reading.
    @Test func aFullDiskDoesNotStopAReader() async throws {
        let disks = try TemporaryFolder()
        guard let disk = try SmallDisk(at: disks("disk"), megabytes: 32) else { return }
        defer { disk.unmount() }
        let files = Self.files(6)
        let theirs = try await SharingSide(files)
        var reader = try Command()
        reader.environment["HYPERFS_STORE"] = disk.path + "/store"
        let point = reader.home("mnt")
        try FileManager.default.createDirectory(atPath: point, withIntermediateDirectories: true)
        let running = try RunningCommand(
            reader, ["mount", theirs.key, point, "--foreground", "--json"] + theirs.way)
        _ = try #require(await running.event("mounted"), "\(running.errors)")
        // Room for one file and a half.
        let filler = disk.path + "/filler"
        let free = try #require(
            try FileManager.default.attributesOfFileSystem(forPath: disk.path)[.systemFreeSize]
                as? Int)
        try Data(count: free - Self.fileBytes * 3 / 2).write(to: URL(fileURLWithPath: filler))
        for round in 0..<2 {
            for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
                let read = await onThread {
                    FileManager.default.contents(atPath: "\(point)/\(name)")
                }
                #expect(read == bytes, "round \(round): \(name)")
            }
        }
        let lines = running.errors.split(separator: "\n").filter { $0.contains("not kept") }
        #expect(lines.count <= 1, "\(lines)")
        // With room again it goes on, past what the kernel remembers.
        try FileManager.default.removeItem(atPath: filler)
        for (name, bytes) in files {
            let read = await onThread { () -> Data? in
                let file = open("\(point)/\(name)", O_RDONLY | Calls.direct)
                defer { close(file) }
                return FileHandle(fileDescriptor: file).readDataToEndOfFile()
            }
            #expect(read == bytes)
        }
        #expect(running.end() == 0)
        theirs.end()
        for (name, bytes) in files {
            let kept = try reader.run(["cat", "\(theirs.key)/\(name)", "--offline"])
            guard kept.status == 0 else { continue }
            #expect(Data(kept.output) == bytes)
        }
    }

    /// Neither of the commands that look into the store themselves, nor of the copy by the node.
    @Test func aFullDiskDoesNotStopCommands() async throws {
        let disks = try TemporaryFolder()
        guard let disk = try SmallDisk(at: disks("disk"), megabytes: 32) else { return }
        defer { disk.unmount() }
        var files = Self.files(6)
        for number in 0..<300 { files["many/\(number)"] = Data("\(number)\n".utf8) }
        let theirs = try await SharingSide(files)
        var reader = try Command()
        reader.environment["HYPERFS_STORE"] = disk.path + "/store"
        let first = try reader.run(["cat", theirs.key + "/f0"] + theirs.way)
        #expect(Data(first.output) == files["f0"], "\(first.errors)")
        // Room for one file and a half.
        let filler = disk.path + "/filler"
        let free = try #require(
            try FileManager.default.attributesOfFileSystem(forPath: disk.path)[.systemFreeSize]
                as? Int)
        try Data(count: free - Self.fileBytes * 3 / 2).write(to: URL(fileURLWithPath: filler))
        for round in 0..<2 {
            for number in 0..<6 {
                let read = try reader.run(["cat", theirs.key + "/f\(number)"] + theirs.way)
                #expect(read.status == 0, "round \(round): \(read.errors)")
                #expect(Data(read.output) == files["f\(number)"], "round \(round): f\(number)")
            }
        }
        let list = try reader.run(["ls", theirs.key + "/many"] + theirs.way)
        #expect(list.lines.count == 300, "\(list.errors)")
        let copy = try reader.run(["get", theirs.key, "copy"] + theirs.way)
        #expect(copy.status == 0, "\(copy.errors)")
        for (name, bytes) in files {
            #expect(FileManager.default.contents(atPath: reader.home("copy/" + name)) == bytes)
        }
        // With room again everything is kept as ever; what is in memory is not missed until then.
        try FileManager.default.removeItem(atPath: filler)
        _ = try reader.run("node", "--stop")
        let last = try reader.run(["cat", theirs.key + "/f5"] + theirs.way)
        #expect(Data(last.output) == files["f5"], "\(last.errors)")
        theirs.end()
        let kept = try reader.run(["cat", theirs.key + "/f5", "--offline"])
        #expect(Data(kept.output) == files["f5"], "\(kept.errors)")
    }

    /// Looking at one file fetches that file, and not what else the drive holds.
    @Test func commandsFetchWhatTheyReadAndNothingElse() async throws {
        let files = Self.files(6)
        let theirs = try await SharingSide(files)
        let reader = try Command()
        let read = try reader.run(["cat", theirs.key + "/f2"] + theirs.way)
        #expect(Data(read.output) == files["f2"], "\(read.errors)")
        // The node has nothing to do and closes its store: what it had asked for has come.
        #expect(try reader.run("node", "--stop").status != 1)
        let list = try reader.run("ls", theirs.key, "--offline", "--json").json
        #expect(list.count == 6)
        for entry in list {
            let wanted = entry["path"].string == "/f2" ? Self.fileBytes : 0
            #expect(entry["cached"].int == wanted, "\(entry["path"].string)")
        }
        theirs.end()
    }

    @Test func theCacheOfAMountKeepsToItsSizeWhileItIsRead() async throws {
        let files = Self.files(6)
        let theirs = try await SharingSide(files)
        let reader = try Command()
        let point = reader.home("mnt")
        try FileManager.default.createDirectory(atPath: point, withIntermediateDirectories: true)
        let cap = 10 << 20
        let running = try RunningCommand(
            reader,
            ["mount", theirs.key, point, "--foreground", "--json", "--cache-size", "10M"]
                + theirs.way)
        _ = try #require(await running.event("mounted"), "\(running.errors)")
        let names = files.keys.sorted()
        for name in names {
            #expect(FileManager.default.contents(atPath: "\(point)/\(name)") == files[name])
        }
        #expect(Self.used(reader.home("store")) > cap, "nothing had to go: nothing was tested")
        // What nobody has read for some seconds goes, while one file is read all the time. The
        // suite's limit ends a wait in vain.
        var rounds = 0
        while Self.used(reader.home("store")) > cap {
            let read = await onThread { () -> Data? in
                let file = open("\(point)/\(names[0])", O_RDONLY | Calls.direct)
                defer { close(file) }
                return FileHandle(fileDescriptor: file).readDataToEndOfFile()
            }
            #expect(read == files[names[0]])
            rounds += 1
        }
        #expect(rounds > 0)
        // And comes again.
        for name in names {
            #expect(FileManager.default.contents(atPath: "\(point)/\(name)") == files[name])
        }
        #expect(running.end() == 0)
        theirs.end()
    }
}
