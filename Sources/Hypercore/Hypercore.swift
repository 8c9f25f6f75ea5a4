/// One append-only feed: a log of blocks under a public key, with a BLAKE2b Merkle tree over it
/// and signatures of its roots; sparse, so that a reader keeps just what it touched
/// (docs/spec/hypercore.md).
public enum Hypercore {}
