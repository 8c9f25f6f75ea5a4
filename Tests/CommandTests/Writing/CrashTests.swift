import Foundation
import Synchronization
import TestSupport
import Testing

/// kill -9 of a mount that is being written to, at any moment.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct CrashTests {
    /// HYPERFS_CRASH_ROUNDS: more of them, or fewer.
    private static let rounds =
        Int(ProcessEnvironment.value("HYPERFS_CRASH_ROUNDS") ?? "") ?? 50

    /// What was synced is there; every file is whole, and none is older than its last sync.
    @Test func whatWasSyncedSurvivesAKilledMountAndEveryFileIsWhole() async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
            return
        }
        var random = SeededRandom.announced()
        let command = try Command()
        let point = command.home("mnt")
        try FileManager.default.createDirectory(atPath: point, withIntermediateDirectories: true)
        #expect(try command.run("create", "--name", "notes").status == 0)
        let mount = ["mount", "notes", point, "--offline", "--json", "--foreground"]
        let manifest = Manifest()
        var syncs = 0
        // Killed while it begins to write, and while it has long been writing.
        for round in 0..<Self.rounds {
            let running = try RunningCommand(command, mount)
            let event = try #require(await running.event("mounted"), "\(running.errors)")
            #expect(event["writable"].bool)
            try verify(manifest, at: point, round: round)
            let enough = Int.random(in: round % 5 == 0 ? 3...150 : 3...30, using: &random)
            let worker = Worker(
                point: point, manifest: manifest, random: SeededRandom(seed: random.next()))
            await worker.run(until: enough) {
                #expect(running.end(SIGKILL) == 137)
            }
            syncs += worker.syncs
            #expect(try command.run("unmount", point).status == 0)
        }
        let running = try RunningCommand(command, mount)
        _ = try #require(await running.event("mounted"), "\(running.errors)")
        try verify(manifest, at: point, round: Self.rounds)
        #expect(running.end() == 0)
        #expect(syncs > 10, "nothing was synced: nothing was tested")
    }

    private func verify(_ manifest: Manifest, at point: String, round: Int) throws {
        for (file, versions) in manifest.all {
            let path = "\(point)/f\(file)"
            guard let bytes = FileManager.default.contents(atPath: path) else {
                #expect(versions.lowerBound == 0, "round \(round): \(path) is gone")
                continue
            }
            let version = Int(String(decoding: bytes.prefix(8), as: UTF8.self)) ?? -1
            #expect(versions.contains(version), "round \(round): \(path) is \(version)")
            #expect(
                bytes == Worker.content(file, version), "round \(round): \(path) is not whole")
            // What was not synced and did not survive will not come back.
            manifest.settle(file, at: version)
        }
    }
}

/// Which versions of each file may be found: from the last that was synced to the last written.
private final class Manifest: Sendable {
    private let state = Mutex<[Int: ClosedRange<Int>]>([:])

    var all: [(Int, ClosedRange<Int>)] { state.withLock { $0.map { ($0.key, $0.value) } } }

    func next(_ file: Int) -> Int {
        state.withLock { state in
            let versions = state[file] ?? 0...0
            state[file] = versions.lowerBound...versions.upperBound + 1
            return versions.upperBound + 1
        }
    }

    func synced(_ file: Int, _ version: Int) {
        state.withLock { state in
            state[file] = version...max(version, state[file]?.upperBound ?? version)
        }
    }

    func settle(_ file: Int, at version: Int) {
        state.withLock { $0[file] = version...max(version, $0[file]?.upperBound ?? version) }
    }
}

/// Writes files in the ways that programs do, until the mount is gone.
private final class Worker: Sendable {
    private let point: String
    private let manifest: Manifest
    private let state: Mutex<(random: SeededRandom, steps: Int, syncs: Int)>

    init(point: String, manifest: Manifest, random: SeededRandom) {
        self.point = point
        self.manifest = manifest
        state = Mutex((random, 0, 0))
    }

    var syncs: Int { state.withLock { $0.syncs } }

    static func content(_ file: Int, _ version: Int) -> Data {
        let count = [10, 5000, 70_000, 300_000][file % 4] + version * 37
        let head = Data(String(format: "%08d", version).utf8)
        // It repeats after 256 bytes; a debug build would take longer to make it than to write it.
        let piece = Data((0..<256).map { UInt8(truncatingIfNeeded: ($0 &+ version) &* 131) })
        var body = piece
        while body.count < count { body.append(body) }
        return head + body.prefix(count)
    }

    /// Works on a thread of its own; `kill` is called when so many steps were taken, in the
    /// middle of the next.
    func run(until count: Int, kill: @escaping () -> Void) async {
        let over = DispatchSemaphore(value: 0)
        let enough = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [self] in
            while step() {
                let steps = state.withLock { state in
                    state.steps += 1
                    return state.steps
                }
                if steps == count { enough.signal() }
            }
            // A mount that fails before it is killed must not keep the test waiting.
            enough.signal()
            over.signal()
        }
        await wait(enough)
        kill()
        await wait(over)
    }

    private func wait(_ semaphore: DispatchSemaphore) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                semaphore.wait()
                continuation.resume()
            }
        }
    }

    private func number(_ range: ClosedRange<Int>) -> Int {
        state.withLock { Int.random(in: range, using: &$0.random) }
    }

    /// False: the mount is gone.
    private func step() -> Bool {
        let file = number(0...7)
        let version = manifest.next(file)
        let isSynced = number(0...2) == 0
        let path = "\(point)/f\(file)"
        // A new file that takes the old one's place, or the old one written over.
        let isReplacing = number(0...1) == 0
        let target = isReplacing ? path + ".new" : path
        guard write(Self.content(file, version), to: target, isSynced: isSynced) else {
            return false
        }
        if isReplacing {
            guard rename(target, path) == 0 else { return false }
            if isSynced {
                let folder = open(point, O_RDONLY | O_DIRECTORY)
                defer { close(folder) }
                guard fsync(folder) == 0 else { return false }
            }
        }
        if isSynced {
            manifest.synced(file, version)
            state.withLock { $0.syncs += 1 }
        }
        return true
    }

    private func write(_ data: Data, to path: String, isSynced: Bool) -> Bool {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard file >= 0 else { return false }
        var isGood = true
        var rest = data
        while !rest.isEmpty, isGood {
            let piece = rest.prefix(40_000)
            isGood =
                piece.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
                == piece.count
            rest = rest.dropFirst(piece.count)
        }
        if isGood, isSynced { isGood = fsync(file) == 0 }
        return close(file) == 0 && isGood
    }
}
