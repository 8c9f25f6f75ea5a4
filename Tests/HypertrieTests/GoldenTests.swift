import HyperCrypto
import TestSupport
import Testing

@testable import Hypertrie

@Suite(.timeLimit(.minutes(1)))
struct GoldenTests {
    @Test func pathsAreThoseOfTheReference() throws {
        for entry in try Fixtures.json("hyperdrive/hypertrie/path-hashes.json").array {
            let path = try TriePath(entry["key"].string, hidden: false)
            #expect(path.key.utf8.elementsEqual(entry["normalizedKey"].string.utf8))
            #expect(
                path.components.indices.map(path.name) == entry["components"].array.map(\.string))
            #expect(path.length == entry["length"].int)
            let digits = (0..<path.length).map { String(path.digit($0)) }.joined()
            #expect(digits == entry["path"].string)
            let hidden = try TriePath(entry["key"].string, hidden: true)
            let hiddenDigits = (0..<hidden.length).map { String(hidden.digit($0)) }.joined()
            #expect(hiddenDigits == entry["pathHidden"].string)
        }
    }

    @Test(arguments: TrieFixture.names)
    func operationsMakeTheSameBlocks(_ name: String) throws {
        let fixture = try TrieFixture(name)
        let trie = try makeTrie()
        let operations = fixture.json["ops"].array
        for (index, operation) in operations.enumerated() {
            if fixture.missesLastDelete, index == operations.count - 1 { break }
            try apply(operation, to: trie)
            #expect(trie.version == fixture.json["log"][index]["versionAfter"].uint64)
        }
        for (seq, block) in fixture.blocks.enumerated() {
            if seq == 0 {
                #expect(try TrieHeader(decoding: block).encoded() == block)
                continue
            }
            let mine = try trie.feed.block(UInt64(seq))
            #expect(mine == block, "\(name) block \(seq)")
            #expect(try NodeRecord(decoding: block, seq: UInt64(seq)).encoded() == block)
        }
    }

    /// Through the batch writer itself: the fixtures put empty keys, which the API refuses.
    private func apply(_ operation: JSON, to trie: Trie) throws {
        try trie.write { writer in
            let steps = operation["type"].string == "batch" ? operation["ops"].array : [operation]
            for step in steps {
                let path = try TriePath(step["key"].string, hidden: step["hidden"].bool)
                let condition = condition(of: step)
                if step["type"].string == "put" {
                    _ = try writer.put(
                        path, value: step["value"].stringOrNil.map { Array($0.utf8) },
                        userFlags: step["flags"].uint64, condition: condition)
                } else {
                    _ = try writer.delete(path, condition: condition)
                }
            }
        }
    }

    private func condition(of step: JSON) -> TrieWriter.Condition? {
        guard let kind = step["condition"].stringOrNil else { return nil }
        return TrieWriter.Condition(closest: step["closest"].bool) { old in
            kind == "always" || kind == "ifAbsent" && old == nil
        }
    }

    @Test(arguments: TrieFixture.names)
    func lookUpsVisitTheSameNodes(_ name: String) throws {
        let fixture = try TrieFixture(name)
        let trie = try fixture.shared()
        for get in fixture.json["gets"].array {
            let at = fixture.version(get["version"], of: trie)
            let node = try at.get(
                get["key"].string, hidden: get["hidden"].bool, closest: get["closest"].bool,
                prefix: get["prefix"].bool)
            #expect(node?.matches(get["node"]) ?? get["node"].isNull, "\(name) \(get["key"])")
            let path = try TriePath(get["key"].string, hidden: get["hidden"].bool)
            var walk = GetWalk(at.core, path, prefix: get["prefix"].bool)
            _ = try walk.run(from: at.headSeq())
            #expect(walk.visited == get["visited"].array.map(\.uint64), "\(name) \(get["key"])")
        }
    }

    @Test(arguments: TrieFixture.names)
    func iterationsGoTheSameWay(_ name: String) throws {
        let fixture = try TrieFixture(name)
        let trie = try fixture.shared()
        for expected in fixture.json["iterators"].array {
            let options = Trie.IterationOptions(
                recursive: expected["recursive"].isNull || expected["recursive"].bool,
                reverse: expected["reverse"].bool, gt: expected["gt"].bool,
                hidden: expected["hidden"].bool)
            var iterator = fixture.version(expected["version"], of: trie)
                .iterate(expected["prefix"].string, options)
            for node in expected["nodes"].array {
                let mine = try iterator.next()
                #expect(mine?.matches(node) ?? false, "\(name) \(node) \(mine?.key ?? "")")
            }
            #expect(try iterator.next() == nil)
            #expect(try iterator.next() == nil)
        }
    }

    @Test(arguments: TrieFixture.names)
    func differencesAreTheSame(_ name: String) throws {
        let fixture = try TrieFixture(name)
        let trie = try fixture.shared()
        for expected in fixture.json["diffs"].array {
            let left = fixture.version(expected["left"], of: trie)
            let right = trie.checkout(expected["right"].uint64)
            var diff = left.diff(
                from: right, prefix: expected["prefix"].string, hidden: expected["hidden"].bool,
                additions: !expected["skipRightNull"].bool, removals: !expected["skipLeftNull"].bool
            )
            var mine: [String] = []
            while let entry = try diff.next() {
                mine.append("\(entry.key) \(entry.left?.seq ?? 0) \(entry.right?.seq ?? 0)")
            }
            let isWrong = expected["referenceIsWrong"].bool
            let wanted = expected[isWrong ? "correctEntriesSortedByKey" : "entries"].array.map {
                "\($0["key"].string) \($0["left"].uint64) \($0["right"].uint64)"
            }
            #expect(
                (isWrong ? mine.sorted() : mine) == (isWrong ? wanted.sorted() : wanted), "\(name)")
        }
    }

    @Test(arguments: TrieFixture.names)
    func historyIsTheSame(_ name: String) throws {
        let fixture = try TrieFixture(name)
        guard !fixture.json["history"].isNull else { return }
        var history = try fixture.shared().history()
        var mine: [UInt64] = []
        while let node = try history.next() { mine.append(node.seq) }
        #expect(mine == fixture.json["history"].array.map(\.uint64))
    }
}
