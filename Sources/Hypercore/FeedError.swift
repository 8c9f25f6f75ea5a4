/// Why something about a feed failed.
public struct FeedError: Error, Sendable, CustomStringConvertible {
    /// An open set: new codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// A word in kebab case, stable enough for scripts.
        public let rawValue: String

        /// The code of this word.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Nothing is stored here and nothing may be created.
        public static let notFound = Code(rawValue: "not-found")
        /// Another feed's files are in this folder.
        public static let otherFeed = Code(rawValue: "other-feed")
        /// The files contradict each other or the key.
        public static let corrupt = Code(rawValue: "corrupt")
        /// The feed has no secret key here.
        public static let notWritable = Code(rawValue: "not-writable")
        /// A block, index or message beyond a limit.
        public static let tooLarge = Code(rawValue: "too-large")
        /// What a peer sent does not verify.
        public static let unverified = Code(rawValue: "unverified")
        /// The operating system refused; `errno` says why.
        public static let io = Code(rawValue: "io")
        /// It did not come in time.
        public static let timedOut = Code(rawValue: "timed-out")
        /// Nobody waits for it any more.
        public static let cancelled = Code(rawValue: "cancelled")
        /// Nobody is connected, or nobody connected has it.
        public static let noPeers = Code(rawValue: "no-peers")
        /// The feed, the store or the network was closed.
        public static let closed = Code(rawValue: "closed")
        /// Somebody else has written with the feed's key: this is an old copy.
        public static let outdated = Code(rawValue: "outdated")
        /// Two signed histories under one key.
        public static let forked = Code(rawValue: "forked")
    }

    /// What kind of failure it is.
    public let code: Code
    /// What failed and what to do, for people; names the file or the key.
    public let message: String
    /// The operating system's number, when it was the one that refused.
    public let errno: Int32?

    /// A failure; `message` says what failed and what to do.
    public init(_ code: Code, _ message: String, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    /// The message.
    public var description: String { message }
}
