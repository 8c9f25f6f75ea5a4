import HyperCrypto
import Hypercore
import Synchronization
import TestSupport

@testable import Hypertrie

/// An empty trie that can be written.
func makeTrie() throws -> Trie {
    try Trie.create(feed: Feed(storage: MemoryStorage()))
}

/// A recorded trie of the reference: what was done, and everything that can be asked about it.
struct TrieFixture: CustomStringConvertible, Sendable {
    let name: String
    let json: JSON

    static let names = [
        "batch", "collision-batch", "collision", "collision2-batch", "collision2", "conditions",
        "delete-to-empty", "deletes", "empty", "fuzz", "header-metadata", "hidden", "nested", "one",
        "overwrite", "ten", "thousand", "values",
    ]

    init(_ name: String) throws {
        self.name = name
        json = try Self.files.withLock { files in
            if let found = files[name] { return found }
            let read = try Fixtures.json("hyperdrive/hypertrie/feed-\(name).json")
            files[name] = read
            return read
        }
    }

    /// Read and stored once: a thousand blocks take a debug build a while.
    private static let files = Mutex<[String: JSON]>([:])
    private static let tries = Mutex<[String: Trie]>([:])

    /// A trie that holds the recorded blocks, for reading only: other tests have it too.
    func shared() throws -> Trie {
        try Self.tries.withLock { tries in
            if let found = tries[name] { return found }
            let made = try stored()
            tries[name] = made
            return made
        }
    }

    var description: String { name }

    var blocks: [[UInt8]] { json["blocks"].array.map { [UInt8](hex: $0.string) ?? [] } }

    /// The reference fails to delete colliding keys: the last operation of these is one.
    var missesLastDelete: Bool { name == "collision" || name == "collision2" }

    /// The same, of one's own.
    func stored() throws -> Trie {
        let trie = try makeTrie()
        if blocks.count > 1 { try trie.feed.append(Array(blocks.dropFirst())) }
        return trie
    }

    func version(_ number: JSON, of trie: Trie) -> Trie {
        number.uint64 == 0 ? trie : trie.checkout(number.uint64)
    }
}

extension TrieNode {
    /// Whether this is the node that a fixture shows.
    func matches(_ json: JSON) -> Bool {
        if case .string(let key) = json { return key.utf8.elementsEqual(self.key.utf8) }
        return json["key"].string.utf8.elementsEqual(key.utf8) && json["seq"].uint64 == seq
            && json["value"].stringOrNil == value?.hex && json["flags"].uint64 == userFlags
            && json["hidden"].bool == isHidden
    }
}
