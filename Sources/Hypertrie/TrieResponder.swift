/// Answers a peer's request from what is stored here (docs/spec/hypertrie.md section 11.2).
///
/// A request costs at most some thousand cached or stored nodes. More liberal than the reference:
/// flags and checkpoints are honored, and a lookup includes the way to the mounts above its key.
struct TrieResponder<Source: NodeSource> {
    let source: Source
    /// The newest node here; what older requesters mean by an empty key.
    let newest: UInt64

    /// The blocks to name, in visiting order, at most 2176. Empty: there is nothing to say.
    func blocks(for message: TrieMessage) -> [UInt64] {
        let found: [UInt64]
        switch message {
        case .get(let head, let key): found = lookUp(key, head: head)
        case .iterator(let request): found = iterate(request)
        case .cache: found = []
        }
        return Array(found.prefix(SpecLimits.answerBlocksMax))
    }

    private func lookUp(_ key: String, head: UInt64) -> [UInt64] {
        guard 1...newest ~= head, let path = try? TriePath(key, hidden: false),
            !path.key.isEmpty
        else { return [] }
        let found = visited(path, head: head)
        // A reader looks for mounts on the way first.
        let mounts = try? TriePath(
            normalized: MountRecord.folder + "/" + path.key, hidden: true)
        let known = Set(found)
        let more = mounts.map { visited($0, head: head) } ?? []
        return found + more.filter { !known.contains($0) }
    }

    /// What a walk visits up to the first block that is not here.
    private func visited(_ path: TriePath, head: UInt64) -> [UInt64] {
        var walk = GetWalk(source, path)
        _ = try? walk.run(from: head)
        return walk.visited.filter(source.isHere)
    }

    private func iterate(_ request: TrieMessage.Iterator) -> [UInt64] {
        let flags = request.flags ?? 1
        let options = Trie.IterationOptions(
            recursive: flags & 1 != 0, reverse: flags & 2 != 0, hidden: flags & 8 != 0)
        let head = 1...newest ~= request.head ? request.head : newest
        guard let prefix = try? TriePath(request.prefix, hidden: options.hidden) else { return [] }
        var found: [UInt64] = []
        var stack: [IteratorWalk<Source>.Stop] = []
        if let checkpoint = request.checkpoint, !checkpoint.isEmpty {
            guard let places = restored(checkpoint) else { return [] }
            stack = places
        } else {
            var opening = GetWalk(source, prefix, prefix: true)
            let root = (try? opening.run(from: head))?.found
            found = opening.visited.filter(source.isHere)
            guard let root else { return found }
            stack = [.init(position: 32 * prefix.components.count + 1, record: root)]
        }
        found += walk(stack, prefix, options)
        guard !options.recursive else { return found }
        // Whoever lists a folder will look into it next.
        var deep = options
        deep.recursive = true
        let known = Set(found)
        return found + walk(stack, prefix, deep).filter { !known.contains($0) }
    }

    private func walk(
        _ stack: [IteratorWalk<Source>.Stop], _ prefix: TriePath, _ options: Trie.IterationOptions
    ) -> [UInt64] {
        var walk = IteratorWalk(source, stack: stack, prefix: prefix, options: options)
        walk.visited = []
        walk.givesUpQuietly = true
        while let count = walk.visited?.count, count < SpecLimits.answerBlocksMax,
            let stop = try? walk.next()
        {
            // The child's own entry is one pointer away from the branch that was met.
            if !options.recursive, let own = stop.ownEntry, source.isHere(own) {
                walk.visited?.append(own)
            }
        }
        return walk.visited ?? []
    }

    private func restored(_ checkpoint: [UInt8]) -> [IteratorWalk<Source>.Stop]? {
        guard let places = TrieCheckpoint.decode(checkpoint, newest: newest) else { return nil }
        var stack: [IteratorWalk<Source>.Stop] = []
        for (position, seq) in places {
            guard let record = (try? source.record(seq)) ?? nil, !record.isReset else { return nil }
            stack.append(.init(position: position, record: record))
        }
        return stack
    }
}
