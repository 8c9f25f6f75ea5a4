import Glibc
import Hypertrie

/// Why a drive refused or failed. The errno is chosen where the error is raised.
public struct DriveError: Error, Sendable, CustomStringConvertible {
    /// An open set: new codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Nothing is at the path.
        public static let notFound = Code(rawValue: "not-found")
        /// Something is at the path that has nothing below it.
        public static let notDirectory = Code(rawValue: "not-directory")
        /// Something is at the path that has no bytes to read.
        public static let notFile = Code(rawValue: "not-file")
        /// A path that no file system could show.
        public static let badPath = Code(rawValue: "bad-path")
        /// The feed is not that of a drive.
        public static let notDrive = Code(rawValue: "not-drive")
        /// What is stored contradicts itself; the drive's writer is faulty.
        public static let corrupt = Code(rawValue: "corrupt")
        /// Drives that contain themselves, or too many inside each other.
        public static let loop = Code(rawValue: "loop")
        /// Somebody else's drive, or an old version.
        public static let notWritable = Code(rawValue: "not-writable")
        /// Something beyond a limit.
        public static let tooLarge = Code(rawValue: "too-large")
        /// The operating system refused.
        public static let io = Code(rawValue: "io")
        /// The work was called off.
        public static let cancelled = Code(rawValue: "cancelled")
    }

    /// What kind of failure this is.
    public let code: Code
    /// What failed and what to do, for people; names the path or key.
    public let message: String
    /// What a system call on the path should say.
    public let errno: Int32

    /// An error of a kind, with a text for people.
    public init(_ code: Code, _ message: String, errno: Int32) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    /// The text for people.
    public var description: String { message }

    static func notFound(_ path: String) -> DriveError {
        DriveError(.notFound, "\(path): not in the drive", errno: ENOENT)
    }

    static func corrupt(_ path: String, _ what: String) -> DriveError {
        DriveError(
            .corrupt, "\(path): \(what); the drive's owner has to write it again", errno: EIO)
    }

    /// A system call that failed.
    static func system(_ what: String, _ path: String, _ number: Int32) -> DriveError {
        DriveError(
            .io, "cannot \(what) \(path): \(String(cString: strerror(number)))", errno: number)
    }

    /// A trie's error as it concerns a path.
    init(_ error: TrieError, at path: String) {
        switch error.code {
        case .mountLoop:
            self.init(.loop, "\(path): \(error.message)", errno: ELOOP)
        case .badKey:
            self.init(.badPath, "\(path): \(error.message)", errno: EINVAL)
        case .readOnly:
            self.init(.notWritable, "\(path): \(error.message)", errno: EROFS)
        case .tooLarge:
            self.init(.tooLarge, "\(path): \(error.message)", errno: EFBIG)
        case .notTrie:
            self.init(.notDrive, error.message, errno: EIO)
        default:
            self.init(.corrupt, "\(path): \(error.message)", errno: EIO)
        }
    }

    /// Runs the body; a trie's error comes out as a drive's.
    static func translating<T>(_ path: String, _ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as TrieError { throw DriveError(error, at: path) }
    }
}
