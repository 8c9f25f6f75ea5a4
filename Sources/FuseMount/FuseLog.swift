import CFuse
import Glibc
import Synchronization

/// What libfuse says of its own, kept for the next error instead of printed over a user's
/// terminal. libfuse has one log for the process; so has this.
enum FuseLog {
    private static let lines = Mutex<[String]>([])

    /// Sends libfuse's messages here.
    static func capture() {
        fuse_set_log_func { _, format, arguments in
            guard let format, let arguments else { return }
            let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
                vsnprintf(buffer.baseAddress, buffer.count, format, arguments)
                return buffer.baseAddress.map { String(cString: $0) } ?? ""
            }
            FuseLog.add(text)
        }
    }

    private static func add(_ text: String) {
        var text = text[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        guard !text.isEmpty else { return }
        lines.withLock { lines in
            if lines.count >= Limits.logLines { lines.removeFirst() }
            lines.append(String(text))
        }
    }

    /// What was said since the last call.
    static func take() -> String {
        lines.withLock { lines in
            defer { lines = [] }
            return lines.joined(separator: "; ")
        }
    }
}
