import Corestore
import FuseMount
import HyperCrypto
import Hypercore
import Hyperdrive
import Hyperswarm

/// Why a command failed, in the words that the user sees.
public struct NodeError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that CLI.md section 5 tells apart.
    public enum Code: String, Sendable, CaseIterable {
        /// Anything else.
        case failed
        /// The drive or path is not there, or no peer had it in time.
        case notFound = "not-found"
        /// No such mount or share.
        case notMounted = "not-mounted"
        /// The folder cannot be mounted on.
        case mountpointUnusable = "mountpoint-unusable"
        /// No FUSE on this machine, or not for us.
        case fuseUnavailable = "fuse-unavailable"
        /// Another process has the store.
        case storeLocked = "store-locked"
        /// The node ends just now; another one takes its place when asked.
        case ending
        /// What is stored, or came, does not verify.
        case corrupt
        /// Somebody else's drive.
        case notWritable = "not-writable"
        /// The network failed; a retry may help.
        case network
        /// The command makes no sense as it was typed.
        case usage
    }

    /// The kind, for programs.
    public let code: Code
    /// What failed and why; names the path or key.
    public let message: String
    /// What to do about it.
    public let hint: String

    /// The operating system's number, when it was the one that refused.
    public let errno: Int32?

    /// An error with its advice.
    public init(_ code: Code, _ message: String, hint: String, errno: Int32? = nil) {
        self.errno = errno
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The message.
    public var description: String { message }
}

extension NodeError {
    /// Any error as the user's: `subject` is what the command was doing, as in `reading photos`.
    public init(_ cause: any Error, while subject: String) {
        switch cause {
        case let error as NodeError: self = error
        case let error as FeedError: self.init(error, while: subject)
        case let error as StoreError: self.init(error, while: subject)
        case let error as DriveError: self.init(error, while: subject)
        case let error as MountError: self.init(error)
        case let error as SwarmError: self.init(.network, error.message, hint: error.hint)
        case let error as MissingBlocks:
            self = .notHere(subject, feed: error.feed.key)
        case is CancellationError:
            self.init(.failed, "\(subject): interrupted", hint: "run the command again to go on")
        default:
            self.init(.failed, "\(subject): \(cause)", hint: "run again with -v to see more")
        }
    }

    /// Parts of a drive that are neither here nor reachable.
    static func notHere(_ subject: String, feed key: PublicKey) -> NodeError {
        NodeError(
            .notFound, "\(subject): parts of \(key) are not in this store",
            hint: "name a peer that has them with --peer HOST:PORT")
    }

    private init(_ error: FeedError, while subject: String) {
        switch error.code {
        case .timedOut, .noPeers, .cancelled:
            self.init(
                .notFound, "\(subject): no peer had it in time",
                hint: "check that a peer shares it and is reachable (--peer, --timeout)")
        case .notFound:
            self.init(.notFound, "\(subject): \(error.message)", hint: "check the key")
        case .corrupt, .unverified, .otherFeed, .forked:
            self.init(
                .corrupt, "\(subject): \(error.message)",
                hint: "the data was not used; fetch it from another peer or restore the store")
        case .notWritable:
            self.init(
                .notWritable, "\(subject): the drive is not writable from this store",
                hint: "only the store that made a drive can change it")
        case .io:
            self.init(
                .failed, "\(subject): \(error.message)", hint: Self.advice(error.errno),
                errno: error.errno)
        default:
            self.init(
                .failed, "\(subject): \(error.message)", hint: "run again with -v to see more")
        }
    }

    private init(_ error: StoreError, while subject: String) {
        let message = "\(subject): \(error.message)"
        switch error.code {
        case .locked:
            self.init(
                .storeLocked, message, hint: "end that process, or choose another with --store")
        case .damaged:
            self.init(.corrupt, message, hint: "restore the store's folder from a backup")
        case .notFound:
            self.init(.notFound, message, hint: "check the key and --store")
        case .readOnly:
            self.init(.notWritable, message, hint: "open the store for writing")
        case .io:
            self.init(.failed, message, hint: Self.advice(error.errno), errno: error.errno)
        default:
            self.init(.failed, message, hint: "run again with -v to see more")
        }
    }

    private init(_ error: DriveError, while subject: String) {
        let message = "\(subject): \(error.message)"
        switch error.code {
        case .notFound, .notDrive:
            self.init(.notFound, message, hint: "check the key and the path; 'hyperfs ls' lists")
        case .corrupt:
            self.init(.corrupt, message, hint: "tell the owner of the drive")
        case .notWritable:
            self.init(
                .notWritable, message, hint: "only the store that made a drive can change it")
        case .io:
            self.init(.failed, message, hint: Self.advice(error.errno), errno: error.errno)
        case .badPath:
            self.init(.usage, message, hint: "check the path")
        default:
            self.init(.failed, message, hint: "check the path; 'hyperfs ls' lists")
        }
    }

    private init(_ error: MountError) {
        switch error.code {
        case .fuseUnavailable: self.init(.fuseUnavailable, error.message, hint: error.hint)
        case .mountpointUnusable: self.init(.mountpointUnusable, error.message, hint: error.hint)
        case .notMounted: self.init(.notMounted, error.message, hint: error.hint)
        default: self.init(.failed, error.message, hint: error.hint)
        }
    }
}
