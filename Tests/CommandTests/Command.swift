import Foundation
import TestSupport

/// Runs the built binary as a user does.
struct Command {
    struct Result {
        let status: Int32
        let output: [UInt8]
        let errors: String

        var text: String { String(decoding: output, as: UTF8.self) }
        var lines: [String] { text.split(separator: "\n").map(String.init) }
        /// One object per line of output.
        var json: [JSON] {
            lines.compactMap { try? JSONDecoder().decode(JSON.self, from: Data($0.utf8)) }
        }
    }

    /// Beside the test bundle.
    static let binary: String = {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        return (bundle.map { ($0 as NSString).deletingLastPathComponent } ?? ".") + "/hyperfs"
    }()

    /// Home of the account that the commands think they run in.
    let home: TemporaryFolder
    /// Ends with the last copy of this, before its home goes.
    private let nodes: NodeGuard
    var environment: [String: String] = [:]
    /// A command that runs ours, such as `ip netns exec NAME`; the first word is a path.
    var wrapper: [String] = []

    /// Runs where the tests run, or in a network of its own.
    init(_ namespace: Namespace? = nil) throws {
        home = try TemporaryFolder()
        nodes = NodeGuard(home)
        wrapper = namespace?.wrapper ?? []
    }

    /// What the account's nodes in the background had to say.
    var nodeLog: String {
        let bytes = FileManager.default.contents(atPath: home("state/hyperfs/node.log")) ?? Data()
        return String(decoding: bytes, as: UTF8.self)
    }

    func prepare(_ arguments: [String]) -> Process {
        let process = Process()
        let words = wrapper + [Self.binary] + arguments
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: home.path)
        process.environment = [
            "HOME": home.path, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "TZ": "UTC",
            "HYPERFS_STORE": home("store"),
            "XDG_RUNTIME_DIR": home.path, "XDG_STATE_HOME": home("state"),
            // Tests talk to nobody outside of what they made.
            "HYPERFS_NO_MAINLINE": "1", "HYPERFS_NO_PORT_MAPPING": "1",
        ].merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Waits for its end. `arguments` are words, nothing is split.
    func run(_ arguments: String...) throws -> Result { try run(arguments) }

    /// Waits for its end.
    func run(_ arguments: [String]) throws -> Result {
        let process = prepare(arguments)
        // Files, not pipes: nothing can fill up.
        let output = home("output-\(UUID().uuidString)")
        let errors = home("errors-\(UUID().uuidString)")
        for path in [output, errors] {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        let signaled = process.terminationReason == .uncaughtSignal
        return Result(
            status: signaled ? 128 + process.terminationStatus : process.terminationStatus,
            output: [UInt8](try Data(contentsOf: URL(fileURLWithPath: output))),
            errors: String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: errors)), as: UTF8.self))
    }
}
