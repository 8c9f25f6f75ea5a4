import Foundation
import TestSupport
import Testing

/// Somebody who shares a folder of files, and what is in them.
final class SharingSide {
    let command: Command
    let key: String
    let address: String
    private let running: RunningCommand

    /// Files by name; `folder/name` for one in a folder.
    init(_ files: [String: Data]) async throws {
        let command = try Command()
        self.command = command
        for (name, data) in files {
            let path = command.home("folder/" + name)
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            try data.write(to: URL(fileURLWithPath: path))
        }
        running = try RunningCommand(
            command,
            [
                "share", command.home("folder"), "--foreground", "--listen", "127.0.0.1:0",
                "--no-discovery", "--no-mdns", "--json",
            ])
        let ready = try #require(await running.event("ready"), "\(running.errors)")
        key = ready["key"].string
        address = try #require(ready["listen"].array.first?.string)
    }

    /// What a command needs to find it, and nobody else.
    var way: [String] { ["--peer", address, "--no-discovery", "--no-mdns"] }

    func end() { _ = running.end() }

    static func bytes(_ count: Int, _ seed: Int) -> Data {
        Data(FolderActor.bytes(count, UInt64(seed)))
    }
}
