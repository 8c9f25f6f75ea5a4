/// Files and folders on two feeds: a metadata trie and a content log; nested drives and versions
/// (docs/spec/hyperdrive.md).
///
/// ```swift
/// let drive = try Drive.create(in: Store(memory: SystemRandom()))
/// try drive.writeFile("/docs/a.txt", Array("hello".utf8), mtime: 1_600_000_000_000)
/// let before = try drive.checkout(drive.version)
/// try drive.apply([
///     .delete(path: "/docs/a.txt"),
///     .put(path: "/link", stat: .symlink("docs", mtime: 1_600_000_000_000)),
/// ])
///
/// for entry in try drive.list("/") { print(entry.name, entry.stat.kind) }  // link symlink
/// print(String(decoding: try before.read("/docs/a.txt"), as: UTF8.self))  // hello
/// ```
///
/// `Drive` is the door: it reads what is stored here and throws `MissingBlocks` for the rest, which
/// `resolve` fetches. `Stat` is what a drive knows of an entry, `FileContent` where its bytes are,
/// `ContentWriter` appends new ones. `FolderImport` brings a local folder into a drive and
/// `FolderWatch` tells when to do so again.
public enum Hyperdrive {}
