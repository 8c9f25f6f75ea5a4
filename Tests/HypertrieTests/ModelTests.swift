import Hypercore
import TestSupport
import Testing

@testable import Hypertrie

/// Random histories against dictionaries, with names whose hashes collide.
@Suite(.timeLimit(.minutes(1)))
struct ModelTests {
    /// A key of one half of the trie.
    private struct Slot: Hashable, CustomStringConvertible {
        let key: String
        let isHidden: Bool
        var description: String { isHidden ? "hidden \(key)" : key }
    }

    private typealias Model = [Slot: UInt64]

    /// The first two pairs have equal hashes.
    private static let names = [
        "4669dbe43865a330", "385fa916adc6441f", "idgcmnmna", "mpomeiehc", "a", "b", "e\u{301}",
    ]

    private struct Run {
        let trie: Trie
        var random: SeededRandom
        var model: Model = [:]
        var versions: [UInt64: Model] = [1: [:]]
        var counter: UInt64 = 0

        init(seed: SeededRandom) throws {
            trie = try makeTrie()
            random = seed
        }

        mutating func slot() -> Slot {
            let depth = Int.random(in: 1...3, using: &random)
            let parts = (0..<depth).map { _ in
                ModelTests.names.randomElement(using: &random) ?? ""
            }
            return Slot(
                key: parts.joined(separator: "/"),
                isHidden: Int.random(in: 0..<8, using: &random) == 0)
        }

        mutating func operation() -> TrieOperation {
            let isDelete = Int.random(in: 0..<5, using: &random) < 2
            // Mostly something that is there; a sorted choice, so that the seed says it all.
            if isDelete {
                let there = model.keys.sorted { "\($0)" < "\($1)" }
                let known = there.randomElement(using: &random)
                let slot = Int.random(in: 0..<5, using: &random) == 0 ? slot() : known ?? slot()
                model[slot] = nil
                return .delete(key: slot.key, hidden: slot.isHidden)
            }
            let slot = slot()
            counter += 1
            model[slot] = counter
            return .put(key: slot.key, value: value(counter), hidden: slot.isHidden)
        }

        func value(_ number: UInt64) -> [UInt8] { Array("\(number)".utf8) }

        mutating func step() throws {
            let size = Int.random(in: 0..<4, using: &random) == 0 ? 6 : 1
            let operations = (0..<size).map { _ in operation() }
            try trie.batch(operations)
            versions[trie.version] = model
        }
    }

    @Test func randomHistoriesReadLikeDictionaries() throws {
        var run = try Run(seed: .announced())
        for step in 0..<220 {
            try run.step()
            if step % 20 == 0 { try check(run.trie, run.model) }
        }
        try check(run.trie, run.model)
        let versions = run.versions.keys.sorted()
        for _ in 0..<8 {
            let old = try #require(versions.randomElement(using: &run.random))
            let new = try #require(versions.randomElement(using: &run.random))
            let oldModel = try #require(run.versions[old])
            let newModel = try #require(run.versions[new])
            try check(run.trie.checkout(old), oldModel)
            for isHidden in [false, true] {
                try checkDifference(
                    run.trie.checkout(new), newModel, run.trie.checkout(old), oldModel, isHidden)
            }
        }
    }

    private func check(_ trie: Trie, _ model: Model) throws {
        for (slot, number) in model {
            let node = try trie.get(slot.key, hidden: slot.isHidden)
            #expect(node?.value == Array("\(number)".utf8), "\(slot)")
        }
        for isHidden in [false, true] {
            let expected = Set(model.keys.filter { $0.isHidden == isHidden }.map(\.key))
            for options in [
                Trie.IterationOptions(hidden: isHidden), .init(reverse: true, hidden: isHidden),
            ] {
                let keys = try self.keys(trie.iterate("", options))
                #expect(Set(keys) == expected && keys.count == expected.count)
            }
            for prefix in ["a", "mpomeiehc", "4669dbe43865a330/idgcmnmna"] {
                let below = expected.filter { $0 == prefix || $0.hasPrefix(prefix + "/") }
                #expect(
                    try Set(keys(trie.iterate(prefix, .init(hidden: isHidden)))) == below)
                try checkChildren(trie, prefix, below, isHidden)
            }
        }
        #expect(try trie.get("nowhere/at/all") == nil)
    }

    private func checkChildren(
        _ trie: Trie, _ prefix: String, _ below: Set<String>, _ isHidden: Bool
    ) throws {
        let rests = below.filter { $0 != prefix }.map { $0.dropFirst(prefix.count + 1) }
        let names = Dictionary(grouping: rests) { String($0.split(separator: "/")[0]) }
        var children = trie.children(of: prefix, hidden: isHidden)
        var found = 0
        while let child = try children.next() {
            found += 1
            let paths = try #require(names[child.name], "\(child.name) below \(prefix)")
            #expect((child.node != nil) == paths.contains { $0 == child.name })
            #expect(child.hasDescendants == paths.contains { $0 != child.name })
        }
        #expect(found == names.count)
    }

    private func keys(_ iterator: TrieIterator) throws -> [String] {
        var iterator = iterator
        var keys: [String] = []
        while let node = try iterator.next() { keys.append(node.key) }
        return keys
    }

    private func checkDifference(
        _ left: Trie, _ leftModel: Model, _ right: Trie, _ rightModel: Model, _ isHidden: Bool
    ) throws {
        var diff = left.diff(from: right, hidden: isHidden)
        var seen: Set<String> = []
        while let entry = try diff.next() {
            let slot = Slot(key: entry.key, isHidden: isHidden)
            #expect(seen.insert(entry.key).inserted, "\(slot) twice")
            #expect(entry.left?.value == leftModel[slot].map { Array("\($0)".utf8) }, "\(slot)")
            #expect(entry.right?.value == rightModel[slot].map { Array("\($0)".utf8) }, "\(slot)")
            #expect(entry.left?.seq != entry.right?.seq)
        }
        for slot in Set(leftModel.keys).union(rightModel.keys) where slot.isHidden == isHidden {
            if leftModel[slot] != rightModel[slot] { #expect(seen.contains(slot.key), "\(slot)") }
        }
    }

    @Test func manyThreadsWriteAndReadAtOnce() async throws {
        let trie = try makeTrie()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for index in 0..<25 {
                        try trie.put("\(worker)/\(index)", [UInt8(index)])
                        #expect(try trie.get("\(worker)/\(index)")?.value == [UInt8(index)])
                        var others = trie.iterate("\((worker + 1) % 4)")
                        while try others.next() != nil {}
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try keys(trie.iterate("")).count == 100)
        #expect(trie.version == 101)
    }
}
