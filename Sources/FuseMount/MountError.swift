/// Why a folder could not be mounted or unmounted, and what to do.
public struct MountError: Error, Sendable, CustomStringConvertible {
    /// Which exit code it becomes (CLI.md section 5).
    public enum Code: Sendable {
        /// No /dev/fuse, or no fusermount3.
        case fuseUnavailable
        /// Missing, not a folder, not empty, not ours, mounted already.
        case mountpointUnusable
        /// Nothing is mounted there.
        case notMounted
        /// Anything else.
        case failed
    }

    /// The kind of failure.
    public let code: Code
    /// What failed and why; names the path.
    public let message: String
    /// What to do.
    public let hint: String

    /// An error with its remedy.
    public init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The message and the remedy.
    public var description: String { hint.isEmpty ? message : message + "; " + hint }
}
