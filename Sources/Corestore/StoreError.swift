import HyperCrypto

/// Why a store refused or failed.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// An open set: new codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Another process has the store open.
        public static let locked = Code(rawValue: "locked")
        /// There is no store in this folder, or no such feed in the store.
        public static let notFound = Code(rawValue: "not-found")
        /// A file of the store contradicts its name, its length or the master key.
        public static let damaged = Code(rawValue: "damaged")
        /// A name that no feed can have.
        public static let badName = Code(rawValue: "bad-name")
        /// The store was opened to be read only.
        public static let readOnly = Code(rawValue: "read-only")
        /// The store was closed.
        public static let closed = Code(rawValue: "closed")
        /// The operating system refused; `errno` says why.
        public static let io = Code(rawValue: "io")
    }

    /// What kind of failure this is.
    public let code: Code
    /// What failed and what to do, for people; names the file.
    public let message: String
    /// The operating system's number, when it was the one that refused.
    public let errno: Int32?
    /// The feed that is not in the store, when that is what is wrong.
    public let feed: PublicKey?

    /// An error of a kind, with a text for people.
    public init(
        _ code: Code, _ message: String, errno: Int32? = nil, feed: PublicKey? = nil
    ) {
        self.code = code
        self.message = message
        self.errno = errno
        self.feed = feed
    }

    /// The text for people.
    public var description: String { message }
}
