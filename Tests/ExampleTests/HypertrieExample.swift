import Hypercore
import Hypertrie
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HypertrieExample {
    @Test func runs() throws {
        // -- the example
        let trie = try Trie.create(feed: Feed(storage: MemoryStorage()))
        try trie.batch([
            .put(key: "books/dune", value: Array("Herbert".utf8)),
            .put(key: "books/ubik", value: Array("Dick".utf8)),
        ])
        let before = trie.version
        try trie.delete("books/dune")

        var books = trie.children(of: "books")
        while let book = try books.next() { print(book.name) }

        let old = trie.checkout(before)
        print(try trie.get("books/dune") == nil, try old.get("books/dune") != nil)

        var changes = trie.diff(from: old)
        while let change = try changes.next() { print(change.key, change.left == nil) }

        let shelf = try Trie.create(feed: Feed(storage: MemoryStorage()))
        try shelf.batch(.mount(MountRecord(key: trie.feed.key, localPath: "mine"), value: []))
        let mounted = MountedTrie(shelf) { key in trie }
        print(try mounted.entry("mine/books/ubik").place.inner)
        // -- its end
        #expect(try mounted.entry("mine/books/ubik").node?.value == Array("Dick".utf8))
    }
}
