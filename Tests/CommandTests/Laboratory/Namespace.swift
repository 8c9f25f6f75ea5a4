import Foundation
import Synchronization

/// A network namespace of this test run: a machine of its own, as far as the network goes. Needs
/// root. Removed with its last owner; what a killed run left behind, by the next one.
final class Namespace: Sendable {
    /// As `ip netns` knows it.
    let name: String

    static var canBeMade: Bool {
        getuid() == 0 && FileManager.default.isExecutableFile(atPath: tool)
    }

    init(_ role: String) throws {
        _ = Self.sweep
        name = "\(Self.stem)\(getpid())-\(UInt16.random(in: 0 ... .max))-\(role)"
        try Self.run([Self.tool, "netns", "add", name])
        try ip("link set lo up")
    }

    deinit { _ = try? Self.run([Self.tool, "netns", "del", name]) }

    /// What runs a command in here. Not `ip netns exec`: that hides its mounts from us.
    var wrapper: [String] { ["/usr/bin/nsenter", "--net=/run/netns/\(name)"] }

    /// One line for ip(8); words are split at spaces.
    func ip(_ line: String) throws {
        try Self.run([Self.tool, "-n", name] + line.split(separator: " ").map(String.init))
    }

    /// Runs a command to its end, with text on its standard input. Returns what it printed.
    @discardableResult
    func run(_ words: String..., input: String = "") throws -> String {
        try Self.run(wrapper + words, input: input)
    }

    /// A cable to another namespace; each end gets a name.
    func connect(_ here: String, to other: Namespace, _ there: String) throws {
        try Self.run([
            Self.tool, "link", "add", here, "netns", name, "type", "veth", "peer", "name", there,
            "netns", other.name,
        ])
    }

    /// Runs `body` on a thread that lives in here. Sockets that it opens stay in here.
    func inside<T: Sendable>(_ body: @escaping @Sendable () throws -> T) throws -> T {
        let path = "/run/netns/\(name)"
        let result = Mutex<Result<T, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let made = Result {
                try Self.enter(path)
                return try body()
            }
            result.withLock { $0 = made }
            done.signal()
        }
        done.wait()
        guard let made = result.withLock({ $0 }) else { throw POSIXError(.ECHILD) }
        return try made.get()
    }

    // MARK: - Helpers

    private static let tool = "/usr/sbin/ip"
    private static let stem = "hyperfs-"

    /// setns(2), which the overlay of the system's library does not show. For this thread only.
    private static func enter(_ path: String) throws {
        typealias SetNamespace = @convention(c) (CInt, CInt) -> CInt
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0, let symbol = dlsym(nil, "setns") else { throw POSIXError(.ENOENT) }
        defer { close(descriptor) }
        let networkOnly: CInt = 0x4000_0000
        guard unsafeBitCast(symbol, to: SetNamespace.self)(descriptor, networkOnly) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EPERM)
        }
    }

    /// Once: namespaces of test runs that are gone.
    private static let sweep: Void = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns")) ?? []
        for name in names where name.hasPrefix(stem) {
            guard let owner = name.dropFirst(stem.count).split(separator: "-").first,
                let process = Int32(owner), kill(process, 0) != 0, errno == ESRCH
            else { continue }
            _ = try? run([tool, "netns", "del", name])
        }
    }()

    /// Throws what the command said when it fails.
    @discardableResult
    private static func run(_ words: [String], input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        // Few words go each way: nothing can fill up.
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = stderr
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let printed = try stdout.fileHandleForReading.readToEnd() ?? Data()
        let said = try stderr.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                command: words.joined(separator: " "), said: String(decoding: said, as: UTF8.self))
        }
        return String(decoding: printed, as: UTF8.self)
    }

    /// A command that did not do its work.
    struct Failure: Error {
        let command: String
        let said: String
    }
}
