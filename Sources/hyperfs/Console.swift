import Glibc
import Node
import Synchronization

/// Standard output and error. Every line leaves at once; a reader that went away ends us quietly.
final class Console: Sendable {
    let isJSON: Bool
    /// Long-running commands must still unmount or finish: for them a closed pipe is silence.
    private let outlivesReader: Bool
    private let isQuiet: Bool
    private let progressShown = Mutex(false)

    init(isJSON: Bool, isQuiet: Bool = false, outlivesReader: Bool = false) {
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        self.outlivesReader = outlivesReader
    }

    /// Colors and live progress only make sense there.
    static let isTerminal = isatty(STDOUT_FILENO) == 1
    static let isErrorTerminal = isatty(STDERR_FILENO) == 1

    /// One line on stdout.
    func line(_ text: String) { write(Array((text + "\n").utf8)) }

    /// One JSON object on a line of its own.
    func json(_ value: JSONValue) { write(value.text + [UInt8(ascii: "\n")]) }

    /// Bytes on stdout as they are.
    func write(_ bytes: [UInt8]) { write(bytes[...]) }

    /// Bytes on stdout as they are.
    func write(_ bytes: ArraySlice<UInt8>) {
        clearProgress()
        guard let reason = Self.put(bytes, STDOUT_FILENO) else { return }
        if outlivesReader { return }
        if reason == EPIPE {
            // Die as any filter does whose reader left.
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
        }
        fail(
            NodeError(
                .failed, "cannot write the output: \(Self.words(reason))", hint: Self.hint(reason)))
    }

    /// A line for people on stderr, unless -q.
    func note(_ text: String) {
        guard !isQuiet else { return }
        clearProgress()
        _ = Self.put(Array((text + "\n").utf8)[...], STDERR_FILENO)
    }

    /// A line that replaces itself, on a terminal only.
    func progress(_ text: String) {
        guard Self.isErrorTerminal, !isQuiet, !isJSON else { return }
        progressShown.withLock { $0 = true }
        _ = Self.put(Array("\r\u{1B}[K\(text)".utf8)[...], STDERR_FILENO)
    }

    /// Removes the progress line.
    func clearProgress() {
        guard
            progressShown.withLock({ shown in
                defer { shown = false }; return shown
            })
        else { return }
        _ = Self.put(Array("\r\u{1B}[K".utf8)[...], STDERR_FILENO)
    }

    /// What, why, what to do; then the end.
    func fail(_ error: NodeError) -> Never {
        say(error)
        exit(ExitStatus.code(of: error.code))
    }

    /// What, why, what to do.
    func say(_ error: NodeError) {
        clearProgress()
        if isJSON {
            let object: JSONValue = [
                "event": "error", "code": .string(error.code.rawValue),
                "message": .string(error.message), "hint": .string(error.hint),
            ]
            _ = Self.put((object.text + [UInt8(ascii: "\n")])[...], STDOUT_FILENO)
        } else {
            let text = "hyperfs: \(Printable.text(error.message))\n\(Printable.text(error.hint))\n"
            _ = Self.put(Array(text.utf8)[...], STDERR_FILENO)
        }
    }

    /// The errno when it fails.
    private static func put(_ bytes: ArraySlice<UInt8>, _ file: Int32) -> Int32? {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var wait = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }

    private static func words(_ code: Int32) -> String { String(cString: strerror(code)) }

    private static func hint(_ code: Int32) -> String {
        code == ENOSPC ? "make room on the disk" : "check where the output goes"
    }
}
