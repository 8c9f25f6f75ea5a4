/// A key/value map inside a feed: every put is one block that points at what it left unchanged, so
/// every old version stays readable (docs/spec/hypertrie.md), and other tries are mounted in it
/// (docs/spec/mountable-hypertrie.md).
///
/// ```swift
/// let trie = try Trie.create(feed: Feed(storage: MemoryStorage()))
/// try trie.batch([
///     .put(key: "books/dune", value: Array("Herbert".utf8)),
///     .put(key: "books/ubik", value: Array("Dick".utf8)),
/// ])
/// let before = trie.version
/// try trie.delete("books/dune")
///
/// var books = trie.children(of: "books")
/// while let book = try books.next() { print(book.name) }
///
/// let old = trie.checkout(before)
/// print(try trie.get("books/dune") == nil, try old.get("books/dune") != nil)
///
/// var changes = trie.diff(from: old)
/// while let change = try changes.next() { print(change.key, change.left == nil) }
///
/// let shelf = try Trie.create(feed: Feed(storage: MemoryStorage()))
/// try shelf.batch(.mount(MountRecord(key: trie.feed.key, localPath: "mine"), value: []))
/// let mounted = MountedTrie(shelf) { key in trie }
/// print(try mounted.entry("mine/books/ubik").place.inner)
/// ```
///
/// `Trie` is the door; all tries over one feed share a `TrieCore`. One walk a file: `GetWalk`,
/// `PutWalk`, `DeleteWalk`, `IteratorWalk`, `DiffWalk`, each over a `NodeSource` and stopped by
/// blocks that are not here, for which `MissingBlocks` names all that are needed next together
/// with a request that `TrieResponder` answers at the other end.
public enum Hypertrie {}
