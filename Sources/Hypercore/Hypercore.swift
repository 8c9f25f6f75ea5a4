/// One append-only feed: a log of blocks under a public key, with a BLAKE2b Merkle tree over it
/// and signatures of its roots; sparse, so that a reader keeps just what it touched
/// (docs/spec/hypercore.md).
///
/// ```swift
/// let feed = try Feed(storage: MemoryStorage())
/// try feed.append([Array("hello".utf8), Array("world".utf8)])
///
/// // Who knows the key verifies each block, whoever it came from.
/// let copy = try Feed(storage: MemoryStorage(), key: feed.key)
/// let digest = copy.digest(for: 1)
/// if let proof = try feed.proof(
///     for: 1, digest: digest, includeLeaf: false, remote: RemoteNodes())
/// {
///     try copy.put(1, value: feed.block(1), proof: proof)
/// }
/// let block = try copy.block(1)
/// print(copy.length, copy.has(0), block == Array("world".utf8))
/// ```
///
/// `Feed` is the door, safe to use from any thread. Behind it `FeedCore` is what its lock guards:
/// a `Bitfield` of what is stored, a `TreeFile` of hashes, and the rules of verification. Peers
/// are reached through `FeedNetwork`, disks through `FeedStorage`.
public enum Hypercore {}
