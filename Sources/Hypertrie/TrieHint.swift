/// The extension message that goes with a missing block: it may bring the whole walk at once.
enum TrieHint {
    case lookUp(TriePath, head: UInt64)
    case iterate(prefix: String, head: UInt64, flags: UInt64, checkpoint: [UInt8]?)
}
