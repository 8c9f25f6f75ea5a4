import Foundation
import Synchronization
import TestSupport
import Testing

/// Two mounts of one drive, a writer's and a reader's, in two stores.
@Suite(.timeLimit(.minutes(3)))
struct FollowingTests {
    /// What a folder or a file was seen to be: names, or the text in it; nil = there was nothing.
    private typealias Sight = String?

    /// The reader's mount shows nothing that the writer's has not been: each folder and each file
    /// is at every moment what it was at some step, never an earlier one than before, and in the
    /// end all is as the writer left it.
    @Test func aReaderSeesNothingThatNeverWas() async throws {
        let random = SeededRandom.announced()
        let port = try FreePort.any()
        guard
            let mount = try await OwnMount(
                options: ["--listen", "127.0.0.1:\(port)", "--no-mdns"], isOffline: false)
        else { return }
        let reader = try Command()
        let point = reader.home("mnt")
        try FileManager.default.createDirectory(atPath: point, withIntermediateDirectories: true)
        let running = try RunningCommand(
            reader,
            [
                "mount", mount.key, point, "--foreground", "--peer", "127.0.0.1:\(port)",
                "--no-mdns", "--json",
            ])
        defer { _ = try? reader.run("unmount", point) }
        _ = try #require(await running.event("mounted"), "\(running.errors)")

        let path = mount.path
        async let written = onThread { try Self.write(random, in: path) }
        var sights: [[String: String]] = []
        let isWritten = Atomic(false)
        async let watching = onThread { () -> [[String: String]] in
            var sights: [[String: String]] = []
            while !isWritten.load(ordering: .acquiring) { sights.append(Self.look(at: point)) }
            return sights
        }
        let history: [[String: String]]
        do {
            history = try await written
            isWritten.store(true, ordering: .releasing)
        } catch {
            isWritten.store(true, ordering: .releasing)
            throw error
        }
        sights = await watching
        // The last changes are on their way.
        let last = try #require(history.last)
        repeat { sights.append(Self.look(at: point)) } while sights.last != last
        print("\(history.count) steps, \(sights.count) looks")
        #expect(Set(sights).count > 10)
        Self.expect(sights, toFollow: history)
        #expect(running.end() == 0)
        try mount.unmount()
    }

    /// For each place by itself: what was seen is what was there at steps in their order. A look
    /// takes many calls, and the drive goes on meanwhile.
    private static func expect(
        _ sights: [[String: String]], toFollow history: [[String: String]]
    ) {
        let places = Set(history.flatMap(\.keys)).union(sights.flatMap(\.keys))
        for place in places.sorted() {
            let steps: [Sight] = history.map { $0[place] }
            var step = 0
            for (number, look) in sights.enumerated() {
                guard let next = steps[step...].firstIndex(of: look[place]) else {
                    Issue.record(
                        "look \(number): \(place) is \(look[place] ?? "gone") after step \(step)")
                    break
                }
                step = next
            }
        }
    }

    /// Random steps, each of which is synced. Returns what there was before the first and after
    /// each.
    private static func write(
        _ random: SeededRandom, in root: String
    ) throws -> [[String: String]] {
        var random = random
        var history = [look(at: root)]
        let names = ["a", "b", "c", "d", "e"]
        for number in 0..<80 {
            let one = root + "/" + (names.randomElement(using: &random) ?? "a")
            let other = root + "/" + (names.randomElement(using: &random) ?? "a")
            let inner = (names.randomElement(using: &random) ?? "a")
            switch Int.random(in: 0..<7, using: &random) {
            case 0, 1: try put(number, at: one)
            case 2: try put(number, at: one + "/" + inner)
            case 3: _ = mkdir(one, 0o755)
            case 4: _ = rename(one, other)
            case 5: _ = rename(one + "/" + inner, other)
            default: if unlink(one) != 0, rmdir(one) != 0 { unlink(one + "/" + inner) }
            }
            let folder = open(root, O_RDONLY | O_DIRECTORY)
            defer { close(folder) }
            guard folder >= 0, fsync(folder) == 0 else {
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
            }
            history.append(look(at: root))
        }
        return history
    }

    /// A file anew, of many blocks or few, if a file can be there; in place, not by another name.
    private static func put(_ number: Int, at path: String) throws {
        let text = String(repeating: "\(number) ", count: number % 3 == 0 ? 50_000 : 20)
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard file >= 0 else { return }
        try FileHandle(fileDescriptor: file, closeOnDealloc: true).write(
            contentsOf: Data(text.utf8))
    }

    /// All folders by the names in them, all files by what is in them.
    private static func look(at root: String) -> [String: String] {
        var seen: [String: String] = [:]
        var folders = ["/"]
        while let folder = folders.popLast() {
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: root + folder)
            else { continue }
            seen[folder] = "folder " + names.sorted().joined(separator: " ")
            for name in names {
                let path = folder + name
                if let data = FileManager.default.contents(atPath: root + path) {
                    seen[path] = brief(data)
                } else {
                    folders.append(path + "/")
                }
            }
        }
        return seen
    }

    /// The number that all of it repeats, and how often.
    private static func brief(_ data: Data) -> String {
        let numbers = String(decoding: data, as: UTF8.self).split(separator: " ")
        let kinds = Set(numbers).sorted().joined(separator: "|")
        return "file \(kinds) x \(numbers.count)"
    }
}
