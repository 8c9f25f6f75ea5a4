/// Bounds that docs/spec/hypertrie.md section 12 and docs/spec/mountable-hypertrie.md section 10
/// set: other implementations rely on them.
enum SpecLimits {
    /// Bytes of UTF-8 in a key.
    static let keyBytesMax = 4096
    /// Components of a key.
    static let componentsMax = 128
    /// Path positions of the longest key: hidden bit, 32 digits a component, end mark.
    static let pathLengthMax = 32 * componentsMax + 2
    /// Bytes of one node block.
    static let blockBytesMax = 1 << 20
    /// Bytes of one encoded pointer table: the scratch buffer of the reference.
    static let tableBytesMax = 64 << 10
    /// Slots of a bucket: its bit field is 32 bits wide in the reference.
    static let slotsMax = 32
    /// Greatest number that every implementation can hold exactly.
    static let numberMax: UInt64 = (1 << 53) - 1
    /// User flags travel shifted by eight in 32 signed bits.
    static let userFlagsMax: UInt64 = (1 << 23) - 1
    /// Nodes visited by one lookup before it is called corrupt.
    static let visitsMax = 10_000
    /// Blocks named by all answers to one extension request.
    static let answerBlocksMax = 2176
    /// Blocks named by one answer message.
    static let answerChunkBlocks = 128
    /// Pointers an iterator follows before it asks again.
    static let pointersPerRequest = 2048
    /// Extension requests worked on at once, a feed.
    static let requestsAtOnceMax = 32
    /// Bytes of an iterator's checkpoint.
    static let checkpointBytesMax = 64 << 10
    /// Mounts inside mounts on the way to one path.
    static let mountDepthMax = 32
    /// Bytes of a mount record.
    static let mountRecordBytesMax = 16 << 10
    /// Mounts listed for one drive.
    static let mountsListedMax = 1000
}

/// Bounds of our own; nobody else notices a change.
enum OwnLimits {
    /// Decoded nodes kept a feed: the upper levels of a trie of millions, all of a common drive.
    static let cacheNodesMax = 65_536
    /// Estimated bytes of those nodes; a node of a drive takes about 650.
    static let cacheBytesMax = 32 << 20
    /// Missing blocks named at once: a few messages' worth, so that a round trip is well used.
    static let missingBlocksMax = 1024
    /// Local nodes looked through for missing ones before a computation gives up and waits.
    static let frontierVisitsMax = 8192
    /// Blocks between two versions up to which a diff fetches all of them in one go.
    static let diffGapBlocksMax: UInt64 = 256
    /// Blocks that a history reader asks for at once.
    static let historyAheadMax: UInt64 = 256
    /// Operations of one batch: its nodes, of some 700 bytes each, stay in memory until the append.
    static let batchOperationsMax = 200_000
    /// Requests remembered, so that a walk that is run again asks for the same as before.
    static let requestsRememberedMax = 64
    /// Milliseconds for which an answer is expected, and after which it is asked for anew.
    static let requestMillisecondsMax: UInt64 = 30_000
    /// Blocks accepted from peers a request: the answers of two peers that do not agree.
    static let creditPerRequest = 2 * SpecLimits.answerBlocksMax
    /// Blocks accepted in all while answers are expected.
    static let creditMax = 4 * SpecLimits.answerBlocksMax
    /// Blocks of one request's answers that are fetched before anything else.
    static let foregroundBlocksMax = 512
    /// Seconds after which blocks named by a peer are no longer waited for.
    static let answerDemandSeconds = 30
    /// Blocks a peer may have named to it in one go, and again each second.
    static let peerBurstBlocks: UInt64 = 65_536
    static let peerBlocksPerSecond: UInt64 = 16_384
    /// The least a request costs of that, so that requests for nothing are bounded too.
    static let requestCostMin: UInt64 = 16
    /// Peers whose rate is remembered.
    static let peersRememberedMax = 256
    /// Bytes of an extension message that is looked at.
    static let messageBytesMax = 80 << 10
}
