import Foundation
import TestSupport

/// Somebody who listens on the socket of a store and is not its node: another version, a thief, a
/// madman.
final class PretendedNode: Sendable {
    private let listener: Int32
    private let path: String

    /// Takes the socket's place. Answers to requests by their first words; anything else is 404,
    /// as a node says it. With no answers at all it listens, and never says a word.
    init(_ command: Command, answers: [String: String]?) throws {
        path = try Self.socketPath(command)
        unlink(path)
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
        }
        guard result == 0, listen(listener, 16) == 0 else { throw ControlTalk.NoNode() }
        guard let answers else { return }
        Thread.detachNewThread {
            while case let client = accept(listener, nil, nil), client >= 0 {
                Self.answer(client, answers)
                close(client)
            }
        }
    }

    /// Where the account's only store has, or would have, its socket: a node that starts makes it.
    static func socketPath(_ command: Command) throws -> String {
        let folder = command.home("hyperfs")
        func names() -> [String] {
            let all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return all.filter { $0.hasSuffix(".sock") || $0.hasSuffix(".sock.start") }
        }
        if names().isEmpty {
            _ = try command.run("seed", String(repeating: "ab", count: 32), "--offline")
            _ = try command.run("node", "--stop")
        }
        guard let name = names().first else { throw ControlTalk.NoNode() }
        return folder + "/" + name.replacingOccurrences(of: ".start", with: "")
    }

    private static func answer(_ client: Int32, _ answers: [String: String]) {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(client, &bytes, bytes.count)
        guard count > 0 else { return }
        let request = String(decoding: bytes[..<count], as: UTF8.self)
        let found = answers.first { request.hasPrefix($0.key + " ") }?.value
        let body =
            found ?? #"{"event":"error","code":"not-found","message":"no such path","hint":"-"}"#
        let text =
            "HTTP/1.1 \(found == nil ? "404 Not Found" : "200 OK")\r\nConnection: close\r\n"
            + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        _ = Array(text.utf8).withUnsafeBytes {
            Foundation.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// Gone, and its socket left behind.
    func end() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}
