import HyperCrypto

extension FeedError {
    static func corrupt(_ message: String) -> FeedError { FeedError(.corrupt, message) }
    static func unverified(_ message: String) -> FeedError { FeedError(.unverified, message) }
    static func tooLarge(_ message: String) -> FeedError { FeedError(.tooLarge, message) }
    static func forked(_ message: String) -> FeedError { FeedError(.forked, message) }
    static func closed(_ key: PublicKey) -> FeedError {
        FeedError(.closed, "feed \(key) is closed")
    }
}
