import Glibc
import Hypercore
import Hyperdrive

/// An errno with its reason, chosen where it is raised.
public struct PosixError: Error, Sendable, CustomStringConvertible {
    /// The number the program gets.
    public let errno: Int32
    /// What failed, for the log.
    public let message: String

    /// An error with its errno, never 0.
    public init(_ errno: Int32, _ message: String) {
        precondition(errno > 0, "0 is success")
        self.errno = errno
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

extension PosixError {
    /// What a failed look-up or fetch means to a program (CLI.md section 6).
    ///
    /// Whatever is not understood is EIO: "no such file" is an answer about the drive, never about
    /// the network.
    init(_ error: any Error, isOffline: Bool = false) {
        switch error {
        case let error as PosixError:
            self = error
        case let error as DriveError:
            self.init(error.errno > 0 ? error.errno : EIO, error.message)
        case let error as FeedError:
            self.init(Self.number(of: error, isOffline: isOffline), error.message)
        case is CancellationError:
            self.init(EINTR, "interrupted")
        default:
            self.init(EIO, "\(error)")
        }
    }

    private static func number(of error: FeedError, isOffline: Bool) -> Int32 {
        switch error.code {
        case .timedOut: ETIMEDOUT
        case .noPeers: isOffline ? EIO : ETIMEDOUT
        case .cancelled: EINTR
        case .io where error.errno == ENOSPC || error.errno == EDQUOT: ENOSPC
        default: EIO
        }
    }

    static func timedOut(withPeers: Bool) -> PosixError {
        withPeers
            ? PosixError(ETIMEDOUT, "no peer sent the block in time")
            : PosixError(ETIMEDOUT, "no peer of this drive was found in time")
    }

    static let interrupted = PosixError(EINTR, "interrupted")
    static let stale = PosixError(ESTALE, "the kernel asks for an inode that is gone")
    static let badHandle = PosixError(EBADF, "no such open file")
    static let noFolder = PosixError(ENOTDIR, "not a folder")
    static let tooMany = PosixError(EXDEV, "more than fits into one change of the drive")
    static let readOnly = PosixError(EROFS, "this drive is mounted read-only")
}
