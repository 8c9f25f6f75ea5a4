import Foundation
import TestSupport

/// Ends the nodes that the commands of a test have left behind: those whose sockets are in a
/// folder. Nothing of a test outlives it.
final class NodeGuard {
    /// Kept, so that it is there until its nodes are gone.
    private let home: TemporaryFolder

    /// `home` is the commands' XDG_RUNTIME_DIR.
    init(_ home: TemporaryFolder) { self.home = home }

    deinit {
        let folder = home("hyperfs")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasSuffix(".sock") {
            _ = try? ControlTalk(folder + "/" + name).ask("POST", "/v1/node/stop")
        }
    }
}

/// A connection to a node's socket, byte by byte: for what no client of ours would send.
final class ControlTalk {
    private let descriptor: Int32

    struct NoNode: Error {}

    /// Throws when nobody listens.
    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard result == 0 else { throw NoNode() }
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes {
            Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// Everything until the other side hangs up.
    func rest() -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = read(descriptor, &chunk, chunk.count), count > 0 {
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// One request, and the whole answer, head and all.
    func ask(_ method: String, _ path: String, _ body: String = "") -> String {
        send(
            "\(method) \(path) HTTP/1.1\r\nHost: hyperfs\r\nConnection: close\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return rest()
    }
}
