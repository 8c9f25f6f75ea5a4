import Hypercore
import Synchronization
import TestSupport
import Testing

@testable import Hypertrie

@Suite(.timeLimit(.minutes(1)))
struct TrieTests {
    @Test func conditionsSeeTheOldEntryAndDecide() throws {
        let trie = try makeTrie()
        #expect(try trie.put("a", [1], if: { $0 == nil }) == 1)
        #expect(try trie.put("a", [2], if: { $0 == nil }) == nil)
        #expect(try trie.put("a", [2], if: { $0?.value == [1] }) == 2)
        #expect(try trie.put("a/b", [3], closest: true, if: { $0?.key == "a" }) == 3)
        #expect(try trie.delete("a", if: { $0?.value == [1] }) == nil)
        #expect(try trie.delete("a", if: { $0?.value == [2] }) == 4)
        #expect(try trie.get("a") == nil)
        struct Stop: Error {}
        #expect(throws: Stop.self) { try trie.put("c", nil, if: { _ in throw Stop() }) }
        #expect(trie.version == 5)
    }

    @Test func oldVersionsAreNotWritten() throws {
        let trie = try makeTrie()
        try trie.put("a", [1])
        let error = #expect(throws: TrieError.self) { try trie.checkout(2).put("b", [1]) }
        #expect(error?.code == .readOnly)
        #expect(trie.version == 2)
        #expect(trie.checkout(0).version == 1)
        #expect(try trie.checkout(0).get("a") == nil)
    }

    @Test func aFeedIsCreatedOnce() throws {
        let feed = try Feed(storage: MemoryStorage())
        let trie = try Trie.create(feed: feed, metadata: [1, 2], subtype: "hyperdrive")
        #expect(try trie.header() == TrieHeader(metadata: [1, 2], subtype: "hyperdrive"))
        #expect(throws: TrieError.self) { try Trie.create(feed: feed) }
        try trie.put("a", [1])
        #expect(try Trie(feed: feed).get("a")?.value == [1])
        #expect(try Trie(feed: feed).core === trie.core)
        let empty = try Feed(storage: MemoryStorage())
        #expect(throws: TrieError.self) { try Trie(feed: empty).put("a", nil) }
    }

    @Test func deletingTellsWhetherThereWasSomething() throws {
        let trie = try makeTrie()
        #expect(try !trie.delete("a"))
        try trie.put("a", nil)
        #expect(try trie.get("a")?.value == nil)
        #expect(try trie.get("a") != nil)
        #expect(try !trie.delete("a", hidden: true))
        #expect(try trie.delete("/a"))
        #expect(try trie.get("a") == nil)
        #expect(try trie.batch([]).isEmpty)
        #expect(try trie.node(at: 1)?.key == "a")
        #expect(try trie.node(at: 0) == nil && trie.node(at: 99) == nil)
    }

    @Test func differentSpellingsOfACharacterAreDifferentKeys() throws {
        let trie = try makeTrie()
        try trie.put("\u{e9}", [1])
        try trie.put("e\u{301}", [2])
        #expect(try trie.get("\u{e9}")?.value == [1])
        #expect(try trie.get("e\u{301}")?.value == [2])
        // A combining mark behind a slash makes one character of both.
        try trie.put("/\u{301}x/\u{301}y", [3])
        #expect(try trie.get("\u{301}x/\u{301}y")?.value == [3])
        var children = trie.children(of: "\u{301}x")
        #expect(try children.next()?.name.utf8.elementsEqual("\u{301}y".utf8) == true)
    }

    @Test func watchersHearOfWhatIsBelowThem() throws {
        let trie = try makeTrie()
        try trie.put("dir/a", nil)
        let heard = Mutex<[String]>([])
        let watch = try trie.watch("dir") { node in heard.withLock { $0.append(node.key) } }
        #expect(heard.withLock { $0 } == [])
        try trie.put("other", nil)
        try trie.put("dir/b", nil)
        try trie.put("dir/b/c", nil)
        #expect(heard.withLock { $0 } == ["dir/b", "dir/b/c"])
        watch.cancel()
        try trie.put("dir/d", nil)
        #expect(heard.withLock { $0 }.count == 2)
    }

    @Test func watchersOfASparseFeedFetchWhatTheyNeed() throws {
        let source = try makeTrie()
        try source.put("dir/a", nil)
        let reader = try SparseReader(of: source)
        let heard = Mutex<[String]>([])
        let watch = try reader.trie.watch("dir") { node in heard.withLock { $0.append(node.key) } }
        try reader.network.deliver(to: reader.trie.feed)
        #expect(heard.withLock { $0 } == ["dir/a"])
        try source.batch((0..<30).map { .put(key: "x/\($0)", value: nil) })
        try source.put("dir/b", nil)
        // Its proof brings the new length.
        try reader.network.copy(source.version - 1, to: reader.trie.feed)
        for _ in 0..<4 { try reader.network.deliver(to: reader.trie.feed) }
        #expect(heard.withLock { $0 } == ["dir/a", "dir/b"])
        watch.cancel()
    }

    @Test func theCacheKeepsToItsBounds() throws {
        var cache = NodeCache(nodesMax: 100, bytesMax: 1 << 20)
        func record(_ seq: UInt64, bytes: Int = 0) throws -> NodeRecord {
            NodeRecord(
                seq: seq, path: try TriePath("a", hidden: false),
                value: [UInt8](repeating: 0, count: bytes), flags: 0, table: TrieTable())
        }
        for seq: UInt64 in 1...1000 {
            cache.insert(try record(seq))
            // The first one is in constant use.
            let first = cache.record(1)
            #expect(first != nil)
            #expect(cache.count <= 100)
        }
        let (middle, last) = (cache.record(500), cache.record(1000))
        #expect(middle == nil && last != nil)
        for seq: UInt64 in 2000..<2100 { cache.insert(try record(seq, bytes: 1 << 18)) }
        #expect(cache.count <= 6)
    }

    @Test func historyGoesBothWaysAndEndsAtAReset() throws {
        let trie = try makeTrie()
        try trie.batch([.put(key: "a", value: nil), .put(key: "b", value: nil)])
        try trie.delete("a")
        var seqs: [UInt64] = []
        var history = trie.history(from: 2, reverse: true)
        while let node = try history.next() { seqs.append(node.seq) }
        #expect(seqs == [3, 2])
        try trie.delete("b")
        history = trie.history()
        #expect(try history.next() == nil)
        try trie.put("c", nil)
        history = trie.history(reverse: true)
        #expect(try history.next()?.key == "c")
        #expect(try history.next() == nil)
    }
}
