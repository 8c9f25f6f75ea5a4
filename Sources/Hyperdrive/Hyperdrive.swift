/// Files and folders on two feeds: a metadata trie and a content log; nested drives and versions
/// (docs/spec/hyperdrive.md).
public enum Hyperdrive {}
