import Corestore
import FileTree
import Glibc
import Hypercore
import Hyperdrive
import TestSupport
import Testing

/// Power that fails at any write of a commit, and disks that refuse any call.
@Suite(.timeLimit(.minutes(1)))
struct FailureTests {
    /// Whatever of the writes reached the disk: the drive opens at some version, not older than
    /// the last sync, and has just what that version has.
    @Test func aCrashAnywhereInACommitLeavesOneVersionWhole() async throws {
        var random = SeededRandom.announced()
        let seed = random.next()
        let disk = FaultyDisk()
        let rig = try WritingRig(on: disk, seed: 41)
        var synced: [(writes: Int, version: UInt64)] = [(disk.log.count, rig.drive.version)]
        for round in 0..<6 {
            try await change(rig, round)
            synced.append((disk.log.count, rig.drive.version))
        }
        try rig.tree.finish()
        for count in stride(from: synced[0].writes, through: disk.log.count, by: 3) {
            for fate in [nil, seed, seed &+ 1] {
                let image = disk.image(after: count, seed: fate)
                let store = Store(random: SeededRandom(seed: 41)) { image[$0] ?? MemoryStorage() }
                let drive = try Drive.create(in: store, name: "drive")
                let least = synced.last { $0.writes <= count }?.version ?? 0
                #expect(drive.version >= least, "\(count) writes: what was synced is lost")
                let wanted = try WritingRig.snapshot(of: rig.drive.checkout(drive.version))
                #expect(try WritingRig.snapshot(of: drive) == wanted, "\(count) writes")
            }
        }
    }

    /// Files new and old, a rename over one of them, a folder that moves; all of it synced.
    private func change(_ rig: WritingRig, _ round: Int) async throws {
        let tree = rig.tree
        let root = tree.root
        let folder = "d\(round)"
        _ = rig.now {
            tree.makeFolder(parent: root, name: folder, Making(mode: 0o755), reply: $0)
        }
        try rig.write([folder, "small"], pattern(500 + round, seed: 1))
        try rig.write(["large"], pattern(150_000 + round, seed: UInt64(round)))
        try rig.write(["new"], pattern(20_000, seed: UInt64(round + 50)))
        try rig.now {
            tree.rename(from: root, name: "new", to: root, newName: "old", flags: 0, reply: $0)
        }.get()
        if round > 0 {
            try rig.now {
                tree.rename(
                    from: root, name: "d\(round - 1)", to: root, newName: "moved\(round)",
                    flags: 0, reply: $0)
            }.get()
        }
        try await rig.syncAll()
    }

    /// Whichever call to the disk fails: the one who syncs is told, what was written is still read,
    /// and goes into the drive when the disk is well again; unless the disk has lost what it had
    /// taken, when nothing claims to be durable any more.
    @Test func aCommitThatFailsLosesNothing() async throws {
        var failures = 0
        var call = 0
        while true {
            let disk = FaultyDisk()
            let rig = try WritingRig(on: disk, seed: 42)
            try rig.write(["before"], pattern(1000))
            try await rig.syncAll()
            let handle = try rig.create(["file"]).get().opened.handle
            try rig.write(handle, 0, pattern(100_000))
            disk.plan.fail(call, stays: call % 2 == 0, errno: ENOSPC)
            let result = await sync(rig, handle)
            let isHit = disk.plan.hits > 0
            // A commit that nobody waits for may have met the fault, and left it behind.
            #expect(isHit || result.errno == nil, "call \(call)")
            // Between the failure and the next attempt.
            try rig.write(handle, 50_000, pattern(100, seed: 9))
            disk.plan.heal()
            #expect(try rig.read(["before"]) == pattern(1000))
            var wanted = pattern(100_000)
            wanted.replaceSubrange(50_000..<50_100, with: pattern(100, seed: 9))
            #expect(try rig.read(["file"]) == wanted)
            if await sync(rig, handle).errno == nil {
                #expect(try rig.committed() == rig.snapshot())
                #expect(try rig.drive.read("/file") == wanted)
            } else {
                // Trying again costs nothing when it cannot help.
                let content = try rig.drive.content()
                let length = content.length
                #expect(await sync(rig, handle).errno != nil)
                #expect(content.length == length, "call \(call)")
            }
            rig.tree.close(handle: handle)
            if !isHit { break }
            failures += 1
            call += 1
        }
        #expect(failures > 10)
    }

    /// What one writer closed goes into the drive whole, also when the next has begun meanwhile.
    @Test func aCommitTakesNothingHalfWritten() async throws {
        let rig = try WritingRig()
        try rig.write(["file"], pattern(1000, seed: 1))
        try await rig.syncAll()
        for round: UInt64 in 2..<20 {
            try rig.write(["file"], pattern(1000, seed: round))
            // Not one byte of the next is closed.
            let handle = try rig.create(["file"], flags: O_RDWR | O_TRUNC).get().opened.handle
            if round % 2 == 0 { try rig.write(handle, 0, pattern(10)) }
            try await rig.syncAll()
            #expect(try rig.drive.read("/file") == pattern(1000, seed: round))
            #expect(try rig.read(handle).count == (round % 2 == 0 ? 10 : 0))
            rig.tree.close(handle: handle)
        }
    }

    /// What was closed and opened again and again waits in stages: who syncs, or unmounts, gets all
    /// of them, however many there are.
    @Test(arguments: [false, true]) func aFileOfManyStagesIsCommittedWhole(byEnd: Bool) async throws
    {
        for count in 1...20 {
            let rig = try WritingRig()
            try rig.write(["file"], pattern(10))
            try await rig.syncAll()
            for round in 0..<count { try rig.write(["file"], pattern(100, seed: UInt64(round))) }
            let handle = try rig.create(["file"], flags: O_RDWR).get().opened.handle
            try rig.write(handle, 50, pattern(100, seed: 99))
            if byEnd {
                rig.tree.close(handle: handle)
                try rig.tree.finish()
            } else {
                try await rig.sync(handle)
            }
            let wanted = pattern(100, seed: UInt64(count - 1))[..<50] + pattern(100, seed: 99)
            #expect(try rig.drive.read("/file") == Array(wanted), "\(count) stages")
        }
    }

    private func sync(_ rig: WritingRig, _ handle: UInt64) async -> Result<Void, PosixError> {
        let tree = rig.tree
        return await ask { (reply: @escaping Tree.Reply<Void>) -> Pending? in
            tree.sync(handle: handle, reply: reply)
            return nil
        }
    }
}
