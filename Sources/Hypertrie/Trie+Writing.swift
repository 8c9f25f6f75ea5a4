extension Trie {
    /// All writes of the list as one append with one signature, durable on return. A delete of
    /// what is not there is passed over.
    ///
    /// - Returns: the new blocks' seqs.
    @discardableResult
    public func batch(_ operations: [TrieOperation]) throws -> [UInt64] {
        guard operations.count <= OwnLimits.batchOperationsMax else {
            throw TrieError(.tooLarge, "a batch of \(operations.count) operations; split it")
        }
        return try write { writer in
            for operation in operations {
                switch operation {
                case .put(let key, let value, let hidden, let flags):
                    let path = try Self.writablePath(key, hidden: hidden)
                    _ = try writer.put(path, value: value, userFlags: flags)
                case .delete(let key, let hidden):
                    _ = try writer.delete(TriePath(key, hidden: hidden))
                }
            }
            return writer.records.map(\.seq)
        }
    }

    /// Sets a key, durable on return.
    ///
    /// - Returns: the new block's seq.
    @discardableResult
    public func put(
        _ key: String, _ value: [UInt8]?, hidden: Bool = false, flags: UInt64 = 0
    ) throws -> UInt64 {
        try batch([.put(key: key, value: value, hidden: hidden, flags: flags)])[0]
    }

    /// Sets a key if the condition agrees. It is called under the writers' lock with the key's
    /// old entry, or, with `closest`, with whatever entry the walk ended at; it may not write.
    ///
    /// - Returns: the new block's seq; `nil` when the condition said no.
    public func put(
        _ key: String, _ value: [UInt8]?, hidden: Bool = false, flags: UInt64 = 0,
        closest: Bool = false, if condition: (TrieNode?) throws -> Bool
    ) throws -> UInt64? {
        let path = try Self.writablePath(key, hidden: hidden)
        return try withoutActuallyEscaping(condition) { check in
            try write {
                try $0.put(
                    path, value: value, userFlags: flags,
                    condition: .init(closest: closest, check: check))
            }
        }
    }

    /// Removes a key, durable on return.
    ///
    /// - Returns: `false` when it was not there.
    @discardableResult
    public func delete(_ key: String, hidden: Bool = false) throws -> Bool {
        try !batch([.delete(key: key, hidden: hidden)]).isEmpty
    }

    /// Removes a key if the condition agrees; see `put(_:_:hidden:flags:closest:if:)`.
    ///
    /// - Returns: the seq of the block that leaves it out; `nil` when nothing was removed.
    public func delete(
        _ key: String, hidden: Bool = false, closest: Bool = false,
        if condition: (TrieNode?) throws -> Bool
    ) throws -> UInt64? {
        let path = try TriePath(key, hidden: hidden)
        return try withoutActuallyEscaping(condition) { check in
            try write {
                try $0.delete(path, condition: .init(closest: closest, check: check))
            }
        }
    }

    func write<T>(_ body: (inout TrieWriter) throws -> T) throws -> T {
        guard checkoutVersion == nil else {
            throw TrieError(.readOnly, "an old version cannot be written; write the live one")
        }
        return try core.write(body)
    }

    /// An empty key is the mark of an emptied trie: putting it would delete everything.
    private static func writablePath(_ key: String, hidden: Bool) throws -> TriePath {
        let path = try TriePath(key, hidden: hidden)
        guard !path.key.isEmpty else { throw TrieError(.badKey, "a key may not be empty") }
        return path
    }
}
