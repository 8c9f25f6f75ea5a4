import Foundation
import Hypercore
import TestSupport
import Testing
import WireMessages

@testable import Hypertrie

/// Feeds whose writer lies: an error for people, never a crash, never a walk without end.
@Suite(.timeLimit(.minutes(1)))
struct HostileTests {
    private func node(
        _ key: String, seq: UInt64, table: [(position: Int, slots: [(slot: Int, seq: UInt64)])]
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        Varint.append(UInt64((table.map(\.position).max() ?? -1) + 1), to: &bytes)
        for bucket in table {
            Varint.append(UInt64(bucket.position), to: &bytes)
            Varint.append(bucket.slots.reduce(0) { $0 | 1 << UInt64($1.slot) }, to: &bytes)
            for (_, seq) in bucket.slots { Varint.append(seq, to: &bytes) }
        }
        var message = Trie_Node()
        message.key = key
        message.trieBuffer = Data(bytes)
        message.seq = seq
        message.flags = 0
        return try message.serializedBytes()
    }

    private func refuses(_ block: [UInt8], seq: UInt64 = 5) {
        let error = #expect(throws: TrieError.self) { try NodeRecord(decoding: block, seq: seq) }
        #expect(error?.code == .corrupt)
    }

    @Test func tablesThatBreakTheRulesAreRefused() throws {
        // Itself, a later block, the header.
        for pointer: UInt64 in [5, 6, 0, 1 << 60] {
            refuses(try node("a", seq: 5, table: [(1, [(0, pointer)])]))
        }
        // Beyond the path, out of order, twice, a collision within a name.
        refuses(try node("a", seq: 5, table: [(34, [(0, 1)])]))
        refuses(try node("a", seq: 5, table: [(3, [(0, 1)]), (2, [(0, 1)])]))
        refuses(try node("a", seq: 5, table: [(3, [(0, 1)]), (3, [(1, 1)])]))
        refuses(try node("a", seq: 5, table: [(3, [(5, 1)])]))
        #expect(throws: Never.self) {
            try NodeRecord(decoding: try node("a", seq: 5, table: [(32, [(5, 1)])]), seq: 5)
        }
    }

    @Test func keysBeyondTheLimitsAreRefused() throws {
        refuses(try node(String(repeating: "x", count: 4097), seq: 5, table: []))
        refuses(try node(String(repeating: "x/", count: 128) + "x", seq: 5, table: []))
        let trie = try makeTrie()
        for key in ["", "/", String(repeating: "x", count: 4097)] {
            let error = #expect(throws: TrieError.self) { try trie.put(key, nil) }
            #expect(error?.code == .badKey)
        }
        try trie.put(String(repeating: "x", count: 4096), nil)
        let large = #expect(throws: TrieError.self) {
            try trie.put("a", [UInt8](repeating: 0, count: 1 << 20))
        }
        #expect(large?.code == .tooLarge)
        #expect(throws: TrieError.self) { try trie.put("a", nil, flags: 1 << 23) }
        #expect(trie.version == 2)
    }

    @Test func aPointerToSomethingElseIsNoticed() throws {
        let trie = try makeTrie()
        let a = try TriePath("a", hidden: false)
        // Node 2 claims that node 1, of another key, is where "a" would be.
        let other = try TriePath("other", hidden: false)
        let position = other.divergence(from: a, startingAt: 0)
        let stranger = try #require(
            try (0..<100).map { "stranger \($0)" }.first {
                try TriePath($0, hidden: false).digit(position) != a.digit(position)
            })
        try trie.feed.append([
            node(stranger, seq: 1, table: []),
            node("other", seq: 2, table: [(position, [(a.digit(position), 1)])]),
        ])
        let reached = #expect(throws: TrieError.self) { try trie.get("a") }
        #expect(reached?.code == .corrupt)
        var iterator = trie.iterate("")
        #expect(throws: TrieError.self) { while try iterator.next() != nil {} }
        var diff = trie.diff(from: trie.checkout(1))
        #expect(throws: TrieError.self) { while try diff.next() != nil {} }
    }

    /// Two equal nodes at every level, each pointing at both of the level below: a walk that took
    /// them for different names would double at each of 30 components.
    @Test func twinsDoNotMultiplyAWalk() throws {
        let trie = try makeTrie()
        let key = Array(repeating: "x", count: 30).joined(separator: "/")
        let digit = try TriePath("x", hidden: false).digit(32)
        var blocks: [[UInt8]] = []
        for level in 0..<30 {
            for _ in 0..<2 {
                let seq = UInt64(blocks.count + 1)
                let below = UInt64(2 * level)
                let table: [(position: Int, slots: [(slot: Int, seq: UInt64)])] =
                    level == 0
                    ? [] : [(32 * (30 - level), [(digit, below - 1), (digit + 5, below)])]
                blocks.append(try node(key, seq: seq, table: table))
            }
        }
        try trie.feed.append(blocks)
        var iterator = trie.iterate("")
        #expect(throws: TrieError.self) { while try iterator.next() != nil {} }
        var diff = trie.diff(from: trie.checkout(1))
        #expect(throws: TrieError.self) { while try diff.next() != nil {} }
        #expect(throws: Never.self) { try trie.put("y", nil) }
        let responder = TrieResponder(source: trie.core, newest: trie.version - 1)
        let request = TrieMessage.iterator(
            .init(head: trie.version - 1, prefix: "", flags: nil, checkpoint: nil))
        #expect(responder.blocks(for: request).count < 100)
    }

    @Test func brokenFeedsEndInErrorsOrEntries() throws {
        var random = SeededRandom.announced()
        for name in ["nested", "collision", "hidden"] {
            let blocks = Array(try TrieFixture(name).blocks.dropFirst())
            for _ in 0..<40 {
                var broken = blocks
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let block = Int.random(in: 0..<broken.count, using: &random)
                    let byte = Int.random(in: 0..<broken[block].count, using: &random)
                    broken[block][byte] = UInt8.random(in: 0...255, using: &random)
                }
                let trie = try makeTrie()
                try trie.feed.append(broken)
                exercise(trie)
            }
        }
    }

    /// Everything a reader does, each with an end: the counts only bound a test that fails.
    private func exercise(_ trie: Trie) {
        for key in ["a", "a/b", "x/385fa916adc6441f", "mounts/m", ""] {
            for hidden in [false, true] { _ = try? trie.get(key, hidden: hidden, closest: true) }
        }
        var iterator = trie.iterate("")
        var steps = 0
        while steps < 1000, (try? iterator.next()) ?? nil != nil { steps += 1 }
        #expect(steps < 1000)
        var diff = trie.diff(from: trie.checkout(trie.version / 2))
        steps = 0
        while steps < 1000, (try? diff.next()) ?? nil != nil { steps += 1 }
        #expect(steps < 1000)
        var history = trie.history(reverse: true)
        while (try? history.next()) ?? nil != nil {}
        let responder = TrieResponder(source: trie.core, newest: trie.version - 1)
        for flags: UInt64 in [0, 1, 3, 9] {
            let request = TrieMessage.Iterator(
                head: trie.version - 1, prefix: "", flags: flags, checkpoint: nil)
            #expect(responder.blocks(for: .iterator(request)).count <= 2176)
        }
        _ = try? trie.delete("a")
        _ = try? trie.put("new", [1])
    }

    @Test func aFeedOfSomethingElseIsNoTrie() throws {
        let feed = try Feed(storage: MemoryStorage())
        try feed.append([Array("hello".utf8)])
        let error = #expect(throws: TrieError.self) { try Trie(feed: feed) }
        #expect(error?.code == .notTrie)
        var header = Trie_Header()
        header.type = "hyperbee"
        let block: [UInt8] = try header.serializedBytes()
        #expect(throws: TrieError.self) { try TrieHeader(decoding: block) }
    }
}
