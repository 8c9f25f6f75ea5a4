/// Why a trie refused or failed.
public struct TrieError: Error, Sendable, CustomStringConvertible {
    /// An open set: new codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A key that may not be written or asked for.
        public static let badKey = Code(rawValue: "bad-key")
        /// A block contradicts the format; the writer of the feed is faulty.
        public static let corrupt = Code(rawValue: "corrupt")
        /// The feed's first block says that this is something else.
        public static let notTrie = Code(rawValue: "not-trie")
        /// An old version cannot be written.
        public static let readOnly = Code(rawValue: "read-only")
        /// A key, value, table or batch beyond a limit.
        public static let tooLarge = Code(rawValue: "too-large")
        /// Mounts that contain themselves, or too many inside each other.
        public static let mountLoop = Code(rawValue: "mount-loop")
    }

    /// What kind of failure this is.
    public let code: Code
    /// What failed and what to do, for people.
    public let message: String

    /// An error of a kind, with a text for people.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The text for people.
    public var description: String { message }

    static func corrupt(_ seq: UInt64, _ what: String) -> TrieError {
        TrieError(
            .corrupt,
            "block \(seq) of the trie is not usable: \(what); its writer has to rewrite the entry")
    }
}
