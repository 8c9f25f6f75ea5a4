import Foundation
import TestSupport
import Testing

/// kill -9 of the mount below programs that rely on `fsync`: what they had called done is there
/// afterwards, and nothing is damaged. A list of what was done is kept beside the mount.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct KilledProgramTests {
    struct Program: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let setup: String
        /// Done for good when it returns; `$i` is its number.
        let step: String
        /// Prints the number of the last step that is there, and fails where something is damaged.
        let check: String
    }

    static let programs = [
        Program(
            testDescription: "sqlite",
            setup: """
                sqlite3 x.db "pragma journal_mode=wal; create table t(a integer primary key, b)" \
                > /dev/null; sync x.db .
                """,
            step: """
                sqlite3 x.db "pragma synchronous=full; insert into t values($i, randomblob(9000))"
                """,
            check: """
                [ "$(sqlite3 x.db 'pragma integrity_check')" = ok ]
                sqlite3 x.db 'select coalesce(max(a), 0) from t'
                """),
        Program(
            testDescription: "git",
            setup: """
                git init -q .; git config user.email a@b; git config user.name n
                git config core.fsync all; git config gc.auto 0; sync .
                """,
            step: """
                rm -f .git/index.lock .git/HEAD.lock .git/refs/heads/*.lock
                seq $i 3000 > numbers; seq $i > f$((i % 9)); git add -A; git commit -qm $i; sync .
                """,
            check: """
                rm -f .git/index.lock; git fsck --full --strict >&2
                git log -1 --format=%s 2> /dev/null || echo 0
                """),
    ]

    @Test(arguments: programs)
    func whatAProgramHadDoneIsThereAfterTheMountWasKilled(program: Program) async throws {
        var random = SeededRandom.announced()
        guard let mount = try await OwnMount() else { return }
        let beside = try TemporaryFolder()
        let rounds = Int(ProcessEnvironment.value("HYPERFS_CRASH_ROUNDS") ?? "") ?? 5
        #expect(Self.shell(program.setup, in: mount.path).status == 0)
        var done = 0
        for round in 0..<rounds {
            let enough = Int.random(in: 1...12, using: &random)
            let list = beside("\(round)")
            let loop = """
                i=\(done); while :; do i=$((i + 1)); \(program.step); echo $i >> \(list); done
                """
            let work = try Self.start(loop, in: mount.path)
            // A step that fails ends the loop: the next look says so.
            while Self.lines(list).count < enough, work.isRunning { usleep(500) }
            #expect(work.isRunning, "round \(round): a step failed before the kill")
            for _ in 0..<Int.random(in: 0...5000, using: &random) { sched_yield() }
            try await onThread { try mount.kill { work.waitUntilExit() } }
            done = Self.lines(list).last.flatMap { Int($0) } ?? done
            try await mount.mount()
            let found = Self.shell(program.check, in: mount.path)
            #expect(found.status == 0, "round \(round): \(found.output)")
            let last = found.output.split(separator: "\n").last.flatMap { Int($0) }
            #expect((last ?? -1) >= done, "round \(round): \(found.output) of \(done)")
            done = last ?? done
        }
        #expect(done >= rounds)
        try mount.unmount()
    }

    private static func lines(_ path: String) -> [Substring] {
        let data = FileManager.default.contents(atPath: path) ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }

    private static func process(_ script: String, in folder: String) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "set -e; " + script]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"]
        process.standardInput = FileHandle.nullDevice
        return process
    }

    private static func start(_ script: String, in folder: String) throws -> Process {
        let process = process(script, in: folder)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private static func shell(
        _ script: String, in folder: String
    ) -> (output: String, status: Int32) {
        let process = process(script, in: folder)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        guard (try? process.run()) != nil else { return ("", -1) }
        let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        return (String(decoding: data, as: UTF8.self), process.terminationStatus)
    }
}
