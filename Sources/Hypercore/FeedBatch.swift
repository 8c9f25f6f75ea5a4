import HyperCrypto

/// An unfinished append (docs/spec/hypercore.md section 8): blocks go to the files at once, the
/// feed shows them at commit. Memory does not grow with the batch. Other writers of the feed wait
/// until it is committed, cancelled or let go; what it wrote by then is overwritten by the next.
///
/// Used by one thread at a time.
public final class FeedBatch {
    /// Index the next block will have.
    public private(set) var nextBlock: UInt64
    /// Byte of the feed at which the next block will begin.
    public private(set) var nextByte: UInt64

    private let feed: Feed
    private let keyPair: KeyPair
    private let file: any RandomAccessFile
    private let firstBlock: UInt64
    private let firstByte: UInt64
    /// Roots over all blocks so far, left to right.
    private var roots: [TreeNode]
    /// Bytes that are not in the file yet; they end at `nextByte`.
    private var buffer: [UInt8] = []
    /// Bytes that will never be there.
    private var lent: [Loan] = []
    private var isOpen = true
    /// The first failure: a batch with a gap must never be signed.
    private var failure: (any Error)?

    /// The caller has entered the feed's gate.
    init(feed: Feed) throws {
        let start = try feed.core.withLock { core in
            try core.checkWritable()
            guard let keyPair = core.keyPair else { throw FeedError.closed(core.key) }
            let file = try core.openData()
            core.isWriting = true
            return (core.length, core.byteLength, core.roots, keyPair, file)
        }
        (firstBlock, firstByte, roots, keyPair, file) = start
        // What a batch left that was given up.
        feed.loans?.remove([start.1..<UInt64.max])
        nextBlock = firstBlock
        nextByte = firstByte
        self.feed = feed
    }

    deinit { cancel() }

    /// Adds a block. Throws `tooLarge` beyond 8 MiB, `io`.
    public func append(_ block: [UInt8]) throws {
        try block.withUnsafeBytes { try append($0, leafHash: TreeHash.leaf($0)) }
    }

    /// Adds a block whose leaf hash (`TreeHash.leaf`) was made elsewhere.
    public func append(_ block: UnsafeRawBufferPointer, leafHash: Bytes32) throws {
        try append(block.count, leafHash) { try store(block) }
    }

    /// Adds a block of `count` bytes that stay where they are: in a file of the folder that lends
    /// (`Feed.setLendingFolder`), from `offset` on. It is the caller who has hashed them.
    public func append(
        lent count: Int, leafHash: Bytes32, path: String, offset: UInt64
    ) throws {
        guard feed.loans != nil else {
            throw FeedError(.notWritable, "feed \(feed.key) keeps its bytes itself")
        }
        try append(count, leafHash) {
            // What is collected ends where the next byte begins.
            try writeBuffer()
            guard count > 0 else { return }
            let loan = Loan(
                bytes: nextByte..<nextByte + UInt64(count), path: path, offset: offset)
            if let joined = lent.last?.joined(with: loan) {
                lent[lent.count - 1] = joined
            } else {
                lent.append(loan)
            }
        }
    }

    private func append(_ count: Int, _ leafHash: Bytes32, store: () throws -> Void) throws {
        try checkOpen()
        guard count <= Limits.blockBytesMax else {
            throw FeedError.tooLarge("a block of \(count) bytes is beyond 8 MiB")
        }
        guard nextBlock < Limits.lengthMax, nextByte <= Limits.integerMax - UInt64(count)
        else { throw FeedError.tooLarge("feed \(feed.key) is full") }
        do {
            try store()
            try addNodes(TreeNode(index: 2 * nextBlock, hash: leafHash, size: UInt64(count)))
        } catch {
            failure = error
            throw error
        }
        nextBlock += 1
        nextByte += UInt64(count)
    }

    /// Signs once, makes it durable, shows it and announces it. Returns the first block's index.
    @discardableResult public func commit() throws -> UInt64 {
        try checkOpen()
        defer { cancel() }
        guard nextBlock > firstBlock else { return firstBlock }
        try writeBuffer()
        try saveLoans()
        let signature = keyPair.sign(
            TreeHash.signable(treeHash: roots.treeHash, length: nextBlock))
        try feed.commit(
            FeedCore.Snapshot(
                length: nextBlock, roots: roots, byteLength: nextByte, signature: signature))
        // An observer may write to the feed in turn: the gate is open by then.
        cancel()
        feed.announce([.grew(length: nextBlock), .stored(firstBlock..<nextBlock)])
        return firstBlock
    }

    /// Gives up: the feed stays as it was. Does nothing after `commit`.
    public func cancel() {
        guard isOpen else { return }
        isOpen = false
        feed.core.withLock { $0.isWriting = false }
        feed.gate.leave()
    }

    private func checkOpen() throws {
        if let failure { throw failure }
        guard isOpen else {
            throw FeedError(.closed, "a batch of feed \(feed.key) was used after its end")
        }
    }

    /// Small blocks are collected; a large one goes straight to the file.
    private func store(_ block: UnsafeRawBufferPointer) throws {
        if buffer.count + block.count > Limits.batchBufferBytes { try writeBuffer() }
        if block.count >= 65_536, buffer.isEmpty {
            try file.write(block, at: nextByte)
        } else {
            buffer.append(contentsOf: block)
        }
    }

    /// Where bytes lie is on the disk before the feed says that it has them. The data file is as
    /// long as if it had them, too: it counts as cut off otherwise.
    private func saveLoans() throws {
        guard let loans = feed.loans else { return }
        if !lent.isEmpty {
            if try file.size() < nextByte { try file.truncate(to: nextByte) }
            loans.add(lent)
        }
        try loans.save()
    }

    private func writeBuffer() throws {
        guard !buffer.isEmpty else { return }
        try file.write(buffer, at: nextByte - UInt64(buffer.count))
        buffer.removeAll(keepingCapacity: true)
    }

    /// The leaf, and the parents that it completes.
    private func addNodes(_ leaf: TreeNode) throws {
        var made = [leaf]
        var top = leaf
        while let last = roots.last, FlatTree.parent(last.index) == FlatTree.parent(top.index) {
            guard let parent = TreeNode(parentOf: last, top) else {
                throw FeedError.tooLarge("feed \(feed.key) is full")
            }
            roots.removeLast()
            made.append(parent)
            top = parent
        }
        roots.append(top)
        let hasGap = nextBlock > firstBlock
        try feed.core.withLock { core in
            try core.checkOpen()
            // The slot between two leaves of one batch is written even while its node does not
            // exist, as the reference does.
            if hasGap { try core.tree.erase(leaf.index - 1) }
            for node in made { try core.tree.write(node) }
        }
    }
}
