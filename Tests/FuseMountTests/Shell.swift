import Dispatch
import Glibc

/// A program that runs beside the test, as from a terminal: with no signal blocked.
final class Shell: Sendable {
    let process: pid_t
    private let output: Int32

    struct Failure: Error { let errno: Int32 }

    /// Starts `sh -c`.
    init(_ command: String) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        output = ends[0]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = [
            strdup("sh"), strdup("-c"), strdup(command), nil,
        ]
        defer {
            for argument in arguments { free(argument) }
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
            close(ends[1])
        }
        var child = pid_t()
        let result = posix_spawn(&child, "/bin/sh", &actions, &attributes, &arguments, environ)
        guard result == 0 else { throw Failure(errno: result) }
        process = child
    }

    /// Waits for its end; what it printed, and its status (of a signal: 128 and its number).
    func finish() async -> (output: String, status: Int32) {
        await blocking { [self] in
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(output, &chunk, chunk.count)
                guard count > 0 else { break }
                bytes += chunk[..<count]
            }
            close(output)
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            return (
                String(decoding: bytes, as: UTF8.self),
                signal == 0 ? status >> 8 & 0xFF : 128 + signal
            )
        }
    }

    /// Runs a command to its end.
    static func run(_ command: String) async throws -> (output: String, status: Int32) {
        try await Shell(command).finish()
    }
}

/// Runs what waits for the mount on a thread that Swift's tasks do not need.
func blocking<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
}

/// Reads a whole file with plain system calls; nil when it fails.
func slurp(_ path: String) async -> [UInt8]? {
    await blocking {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &chunk, chunk.count)
            if count < 0 { return nil }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }
}

/// The errno of a call that fails; 0 when it succeeds.
func failure(_ call: @escaping @Sendable () -> Int32) async -> Int32 {
    await blocking { call() < 0 ? errno : 0 }
}
