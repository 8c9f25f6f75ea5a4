/// One step of a batch.
public enum TrieOperation: Sendable {
    /// Sets a key. Flags are the application's, below 2^23.
    case put(key: String, value: [UInt8]?, hidden: Bool = false, flags: UInt64 = 0)
    /// Removes a key; nothing happens when it is not there.
    case delete(key: String, hidden: Bool = false)
}
