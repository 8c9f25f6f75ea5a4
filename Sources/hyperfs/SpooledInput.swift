import Glibc
import Node

/// Standard input as a file: what another process may read, and as often as it needs to.
struct SpooledInput {
    /// Where it is.
    let path: String

    /// Reads to the end of the input.
    init() throws(NodeError) {
        let folder = CommonOptions.environment("TMPDIR") ?? "/var/tmp"
        var name = Array("\(folder)/hyperfs-put-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard file >= 0 else { throw Self.failure("cannot write to \(folder)") }
        defer { close(file) }
        do throws(NodeError) {
            try Self.copy(to: file, path)
        } catch {
            Glibc.unlink(path)
            throw error
        }
        // As a file that a shell makes.
        let mask = umask(0)
        umask(mask)
        fchmod(file, 0o666 & ~mask)
    }

    /// Ends it.
    func remove() { Glibc.unlink(path) }

    private static func copy(to file: Int32, _ path: String) throws(NodeError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(STDIN_FILENO, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read standard input") }
            if count == 0 { return }
            var done = 0
            while done < count {
                let written = write(file, buffer.baseAddress.map { $0 + done }, count - done)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw failure("cannot write \(path)") }
                done += written
            }
        }
    }

    private static func failure(_ what: String) -> NodeError {
        let number = errno
        return NodeError(
            .failed, "\(what): \(String(cString: strerror(number)))",
            hint: "see that there is room, or choose another place with TMPDIR", errno: number)
    }
}
