import HyperCrypto

/// Everything of a feed that its lock guards. Whoever calls a method here holds the lock.
///
/// Bits are memory until they are flushed, and they are flushed last (`Feed+Flush.swift`): whatever
/// bit is on the disk is true.
final class FeedCore {
    let key: PublicKey
    let keyPair: KeyPair?
    let storage: any FeedStorage
    let signatureFile: any RandomAccessFile
    let bitFile: any RandomAccessFile
    /// Opened when it is needed; a feed without a block has none.
    var dataFile: (any RandomAccessFile)?

    var bits: Bitfield
    var tree: TreeFile
    var length: UInt64 = 0
    var byteLength: UInt64 = 0
    /// Full roots over `length` blocks, left to right.
    var roots: [TreeNode] = []
    /// A static feed has no signatures; its key is its tree hash (section 9.4).
    var isStatic = false
    /// The signature that was stored or checked last, and the length it is for.
    var signature: (length: UInt64, bytes: [UInt8])?

    /// An append sets bits before they are durable; nodes beyond `length` are hidden meanwhile.
    var isCommitting = false
    /// An append or a batch is under way: nobody else may make the feed grow.
    var isWriting = false
    /// Counts the holes made into the data file, so that a read can notice that one came between.
    var holes: UInt64 = 0
    var isForked = false
    /// Why nothing may be appended any more.
    var refusal: FeedError?
    var isClosed = false
    /// A sync failed: nobody knows what the disk has, so nothing may claim to be durable again.
    var syncFailure: FeedError?
    var unsynced = Unsynced()
    /// What opening found and mended.
    var recovery: Feed.Recovery?

    /// When blocks were used, once somebody wants to know.
    var use: BlockUse?
    /// Bytes of all stored blocks, once somebody asked.
    var localBytes: UInt64?
    /// Blocks that are here although the disk is full.
    var passing = PassingBlocks()
    /// A signature that the disk had no room for; it goes there before any bit does.
    var lateSignature: (length: UInt64, bytes: [UInt8])?
    /// The end of the block looked at last: readers go forward.
    var lastOffset: (block: UInt64, byte: UInt64)?

    /// Files written since their last sync.
    struct Unsynced {
        var data = false
        var tree = false
        var signatures = false

        mutating func formUnion(_ other: Unsynced) {
            data = data || other.data
            tree = tree || other.tree
            signatures = signatures || other.signatures
        }
    }

    init(
        key: PublicKey, keyPair: KeyPair?, storage: any FeedStorage, tree: any RandomAccessFile,
        signatures: any RandomAccessFile, bitfield: any RandomAccessFile, bits: Bitfield
    ) {
        self.key = key
        self.keyPair = keyPair
        self.storage = storage
        self.tree = TreeFile(file: tree)
        signatureFile = signatures
        bitFile = bitfield
        self.bits = bits
    }

    func checkOpen() throws(FeedError) {
        if isClosed { throw .closed(key) }
    }

    func checkWritable() throws(FeedError) {
        try checkOpen()
        guard keyPair != nil else {
            throw FeedError(
                .notWritable, "feed \(key) cannot be written: its secret key is not here")
        }
        if let refusal { throw refusal }
        try checkSound()
    }

    /// Refuses to store anything where it could not be relied on.
    func checkSound() throws(FeedError) {
        if isForked { throw forked() }
        if let syncFailure { throw syncFailure }
    }

    func forked() -> FeedError {
        isForked = true
        return .forked(
            "two histories are signed with the key of feed \(key): its secret key is used in two "
                + "places, or an old copy of it was restored. Nothing is written to it any more: "
                + "keep one copy of the store, and remove the others")
    }

    /// The data file, made if need be.
    func openData() throws -> any RandomAccessFile {
        if let dataFile { return dataFile }
        guard let file = try storage.open(.data, create: true) else {
            throw FeedError(.io, "the data file of feed \(key) cannot be made")
        }
        dataFile = file
        return file
    }

    /// The data file if there is one.
    func existingData() throws -> (any RandomAccessFile)? {
        if dataFile == nil { dataFile = try storage.open(.data, create: false) }
        return dataFile
    }

    // MARK: Signatures

    /// The signature over a length; `nil` = none is stored.
    func signature(over length: UInt64) throws -> [UInt8]? {
        guard length > 0 else { return nil }
        if let signature, signature.length == length { return signature.bytes }
        let bytes = try signatureFile.bytes(
            at: Self.signatureOffset(length), count: Limits.signatureBytes)
        guard bytes.count == Limits.signatureBytes, bytes.contains(where: { $0 != 0 }) else {
            return nil
        }
        return bytes
    }

    func writeSignature(_ bytes: [UInt8], over length: UInt64) throws {
        if let signature, signature.length == length, signature.bytes == bytes { return }
        do {
            try signatureFile.write(bytes, at: Self.signatureOffset(length))
            unsynced.signatures = true
            lateSignature = nil
        } catch let error as FeedError where error.isDiskFull && keyPair == nil {
            lateSignature = (length, bytes)
        }
        signature = (length, bytes)
    }

    /// Before a flush: what it vouches for must be in the files.
    func writeLateSignature() throws {
        guard let (length, bytes) = lateSignature else { return }
        try signatureFile.write(bytes, at: Self.signatureOffset(length))
        unsynced.signatures = true
        lateSignature = nil
    }

    static func signatureOffset(_ length: UInt64) -> UInt64 {
        SleepHeader.size + (length - 1) * UInt64(Limits.signatureBytes)
    }
}
