import Glibc
import Node

/// Texts that are for their owner's eyes.
enum SecretFile {
    /// More than any text of ours.
    private static let bytesMax = 64 << 10

    /// Writes a file that only its owner can read (0600); one that exists stays, unless it is to
    /// be replaced.
    static func write(
        _ text: String, to path: String, replacing: Bool
    ) throws(NodeError) {
        if replacing { unlink(path) }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            let hint = errno == EEXIST ? "choose another file, or use --force" : "check the folder"
            throw failure("cannot write \(path)", hint)
        }
        defer { close(file) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot write \(path)", "make room on the disk") }
            rest = rest.dropFirst(count)
        }
        guard fsync(file) == 0 || errno == EINVAL else {
            throw failure("cannot write \(path)", "check the disk")
        }
    }

    /// The whole of a small file; `-` is standard input.
    static func read(_ path: String) throws(NodeError) -> String {
        let file = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("cannot read \(path)", "check the path") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= bytesMax {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read \(path)", "check the path") }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard bytes.count <= bytesMax, let text = String(validating: bytes, as: UTF8.self) else {
            throw NodeError(
                .usage, "\(path) is no key file", hint: "'hyperfs key export' writes one")
        }
        return text
    }

    private static func failure(_ what: String, _ hint: String) -> NodeError {
        let number = errno
        return NodeError(
            .failed, "\(what): \(String(cString: strerror(number)))", hint: hint, errno: number)
    }
}
