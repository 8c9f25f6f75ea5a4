/// Two writers with one key, or an old copy of a store: noticed before anything is contradicted.
extension Feed {
    /// Why nothing is appended although the secret key is here; nil = nothing speaks against it.
    public var refusal: FeedError? { core.withLock { $0.refusal } }

    /// Throws what an append would, as far as that is known: `notWritable`, `io`, `closed`.
    public func checkWritable() throws { try core.withLock { try $0.checkWritable() } }

    /// Appends nothing any more, until the feed is opened anew. The first reason counts.
    public func refuseWriting(_ reason: FeedError) {
        let isNew = core.withLock { core in
            defer { core.refusal = core.refusal ?? reason }
            return core.refusal == nil
        }
        if isNew { announce([.refused]) }
    }

    /// Looks at a peer's proof of a block of our own feed, made for somebody who has nothing yet.
    /// Stores nothing. When the peer has another history under our key, or a longer one than we
    /// have, somebody else has written with it: then we do not write any more.
    ///
    /// Throws `unverified` or `tooLarge` when it is a lie.
    public func audit(_ block: UInt64, proof: Proof) throws {
        try proof.checkShape(block: block, valueBytes: nil)
        do {
            let (longest, length) = try core.withLock { core in
                try core.checkOpen()
                let verified = try core.verify(block, value: nil, proof: proof)
                return (verified.snapshot?.length ?? 0, core.length)
            }
            guard longest > length else { return }
            refuseWriting(
                FeedError(
                    .outdated,
                    "this store has \(length) blocks of its own feed \(key), and a peer has "
                        + "\(longest): it is an old copy. Nothing is written to it; put the newest "
                        + "copy of the store in its place"))
        } catch let error as FeedError where error.code == .forked {
            refuseWriting(error)
        }
    }
}
