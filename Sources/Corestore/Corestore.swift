/// Many feeds in one folder under one master key, each opened once and found by its discovery key
/// (docs/spec/corestore.md).
///
/// ```swift
/// let store = Store(memory: SystemRandom())  // or Store(folder: path)
/// let notes = try store.feed(name: "notes")  // its key comes from the master key and the name
/// try notes.append([Array("first".utf8)])
///
/// let same = try store.feed(key: notes.key)
/// print(same === notes, store.feed(discoveryKey: notes.discoveryKey) === notes)  // true true
/// try store.close()
/// ```
///
/// `Store` is the door, safe to use from any thread; `StoreLock` keeps other processes out of its
/// folder. A `FeedFolder` is one feed on disk. Opened for reading only, a store leaves the disk as
/// it is: `OverlayStorage` keeps what changes in memory.
public enum Corestore {}
