import Foundation
import TestSupport
import Testing

/// An own drive that the built command has mounted: the mount is another process than the test,
/// which may therefore map its files into memory.
final class OwnMount {
    let command: Command
    let path: String
    let key: String
    private let options: [String]
    private var running: RunningCommand?

    /// Nil, after saying so, on a machine that cannot mount.
    init?(
        options: [String] = [], isOffline: Bool = true, store: String? = nil
    ) async throws {
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else {
            #expect(!ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
            return nil
        }
        var command = try Command()
        if let store { command.environment["HYPERFS_STORE"] = store }
        self.command = command
        self.options = options + (isOffline ? ["--offline"] : [])
        path = command.home("mnt")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let created = try command.run("create", "--name", "notes")
        #expect(created.status == 0, "\(created.errors)")
        key = created.lines.first ?? ""
        try await mount()
    }

    deinit {
        if running != nil { _ = try? command.run("unmount", path) }
    }

    func mount() async throws {
        let running = try RunningCommand(
            command, ["mount", "notes", path, "--json", "--foreground"] + options)
        let event = try #require(await running.event("mounted"), "\(running.errors)")
        #expect(event["writable"].bool)
        self.running = running
    }

    /// Away, with everything in the drive.
    func unmount() throws {
        #expect(running?.end() == 0)
        running = nil
    }

    func remount() async throws {
        try unmount()
        try await mount()
    }

    /// Ends the process without a chance to do anything. `gone` runs before the mountpoint is
    /// freed, which nobody may be in then.
    func kill(gone: () -> Void = {}) throws {
        #expect(running?.end(SIGKILL) == 137)
        running = nil
        gone()
        #expect(try command.run("unmount", path).status == 0)
    }
}
