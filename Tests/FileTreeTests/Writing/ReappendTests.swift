import Glibc
import Hyperdrive
import TestSupport
import Testing

@testable import FileTree

/// What files cost that are changed in place or appended to.
@Suite(.timeLimit(.minutes(1)))
struct ReappendTests {
    @Test func aFileMayBeAppendedAgainUpToABurstAndThenAtASteadyRate() {
        var reappends = Reappends()
        let (log, other) = (Place("/log"), Place("/other"))
        let start = ContinuousClock.now
        #expect(reappends.mayAppend(log, start))
        reappends.note(Limits.reappendBurstBytes - 1, at: log, start)
        #expect(reappends.mayAppend(log, start))
        reappends.note(Limits.reappendNoticedBytes, at: log, start)
        #expect(!reappends.mayAppend(log, start))
        #expect(reappends.mayAppend(other, start))
        #expect(reappends.mayAppend(log, start + .seconds(1)))
        // A second has paid for this.
        reappends.note(Limits.reappendBytesPerSecond, at: log, start + .seconds(1))
        #expect(!reappends.mayAppend(log, start + .seconds(1)))
        #expect(reappends.mayAppend(log, start + .seconds(2)))
    }

    @Test func noFileWaitsLongerThanAQuarterOfAnHour() {
        var reappends = Reappends()
        let start = ContinuousClock.now
        for _ in 0..<3 { reappends.note(.max, at: Place("/log"), start) }
        #expect(!reappends.mayAppend(Place("/log"), start + .seconds(899)))
        #expect(reappends.mayAppend(Place("/log"), start + .seconds(901)))
    }

    @Test func noMoreFilesAreCountedThanTheLimit() {
        var reappends = Reappends()
        let start = ContinuousClock.now
        for number in 0..<3 * Limits.reappendedFiles {
            // Those below the burst make room for others.
            reappends.note(
                number % 3 == 0 ? .max : Limits.reappendNoticedBytes, at: Place("/\(number)"),
                start)
        }
        let held = (0..<3 * Limits.reappendedFiles).filter {
            !reappends.mayAppend(Place("/\($0)"), start)
        }
        #expect(held.count > Limits.reappendedFiles / 2)
        #expect(held.count <= Limits.reappendedFiles)
    }

    /// What waits for its turn is read at once by all, and goes into the drive with a sync; until
    /// then commits of others do not touch the file's entry.
    @Test func aLogThatWasAppendedOftenWaitsUntilSomebodySyncs() async throws {
        let rig = try WritingRig()
        let old = pattern(200_000)
        try rig.write(["log"], old)
        try await rig.syncAll()
        let writer = try #require(rig.tree.rootVolume.writer)
        writer.reappends.withLock { $0.note(1 << 30, at: Place("/log")) }

        let line = Array("a line\n".utf8)
        try append(line, rig)
        try await appears("first", rig)
        #expect(try rig.drive.read("/log") == old)
        #expect(try rig.read(["log"]) == old + line)
        // Its new time is no reason to write the entry again, once the drive has it.
        let entry = try #require(try rig.drive.entry("/log"))
        try await appears("second", rig)
        #expect(try rig.drive.entry("/log")?.seq == entry.seq)

        try await rig.syncAll()
        #expect(try rig.drive.read("/log") == old + line)
        // Whole again: that costs nothing which was not written.
        try rig.write(["log"], pattern(1000))
        try await rig.syncAll()
        #expect(try rig.drive.read("/log") == pattern(1000))
    }

    private func append(_ line: [UInt8], _ rig: WritingRig) throws {
        let handle = try rig.create(["log"]).get().opened.handle
        defer { rig.tree.close(handle: handle) }
        try rig.write(handle, UInt64(try rig.read(["log"]).count), line)
        try rig.tree.flush(handle: handle)
    }

    /// A new file, until a commit that nobody has asked for has put it into the drive.
    private func appears(_ name: String, _ rig: WritingRig) async throws {
        try rig.write([name], [1])
        while try rig.drive.entry("/" + name) == nil { await Task.yield() }
    }
}
