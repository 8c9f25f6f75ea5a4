/// Bounds of this module, each with its reason.
public enum Limits {
    // Fixed by the specification.

    /// The largest index or size that every implementation can represent: 2^53 - 1.
    public static let integerMax: UInt64 = (1 << 53) - 1
    /// The largest block an append takes (docs/spec/hypercore.md section 8): 8 MiB.
    public static let blockBytesMax = 8_388_608
    /// Bytes of an Ed25519 signature, and of an entry of the signatures file.
    public static let signatureBytes = 64
    /// Bytes of an entry of the tree file: hash and size.
    static let treeEntryBytes: UInt64 = 40
    /// Nodes of one proof: a path and its siblings, then the other roots (section 13).
    public static let proofNodesMax = 128
    /// Blocks that one page of the bitfield file covers.
    static let blocksPerPage: UInt64 = 8192

    // Chosen by us.

    /// The longest feed we take part in: 2^34 blocks, a pebibyte in blocks of 64 KiB. Its tree and
    /// bitfield, however sparse, still fit ext4 (16 TiB): a hostile author cannot make writes fail.
    public static let lengthMax: UInt64 = 1 << 34
    /// Tree nodes kept per feed: 256 chunks of 5 KiB hold the nodes of a gibibyte in 64 KiB blocks.
    static let treeChunksMax = 256
    /// Tree nodes above the chunks kept per feed: a mebibyte, all there are for 2^20 blocks.
    static let upperNodesMax = 16_384
    /// Chunks and upper nodes that a feed keeps after a flush: a quarter of a mebibyte, so that a
    /// store may hold hundreds of open feeds.
    static let idleTreeChunks = 32
    static let idleUpperNodes = 1024
    /// Blocks whose bits a commit sets before it lets others take the lock: about 2 ms.
    static let commitSliceBlocks: UInt64 = 8192
    /// What a batch collects before it writes: large enough to make the system call free.
    static let batchBufferBytes = 1 << 20
    /// Bitfield pages below this number sit in an array (512 KiB at worst), others in a table.
    static let nearPages: UInt64 = 65_536
    /// Signatures tried while a damaged feed is opened: about a second of work.
    static let recoveryVerificationsMax = 8192
    /// Rounds of one `resolve`: more than the blocks that any single walk may touch.
    static let resolveRoundsMax = 100_000
    /// How often `resolve` fetches the very same target in a row, when it vanishes again.
    static let resolveRepeatsMax = 8
    /// Hints one `resolve` sends: a walk has a few, a listing one per page.
    static let resolveHintsMax = 256
    /// Names of extension handlers per feed (docs/spec/hypercore.md section 13).
    public static let extensionsMax = 256
}
