import Foundation

/// What a node leaves to the program that takes its place (`hyperfs node --replace`): its mounts.
/// Shares, seeds and pins are written down anyhow, and who is attached comes again by himself.
/// `<store>/hyperfs/handover.json`; whoever is the store's next node takes it up.
struct Handover: Sendable {
    /// The version that went.
    var version: String
    /// When the mounts began to be away, in nanoseconds of the machine's clock that is never set.
    var since: UInt64
    /// The mounts, as they were asked for.
    var mounts: [JSONValue]

    private static func path(_ store: String) -> String { store + "/hyperfs/handover.json" }

    /// Nanoseconds of the clock of `since`.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, time.tv_nsec))
    }

    /// Leaves it in the store.
    func leave(in store: String) throws(NodeError) {
        let text: JSONValue = [
            "version": .string(version), "since": .number(since), "mounts": .array(mounts),
        ]
        try DurableFile.replace(Self.path(store), with: text.text)
    }

    /// What was left, taken out; nil for nothing, and for what is none. With the store's lock held.
    static func take(from store: String) -> Handover? {
        let path = path(store)
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { unlink(path) }
        guard let data = try? handle.read(upToCount: Limits.registryBytesMax),
            let left = try? JSONValue(parsing: data), let version = left["version"]?.string,
            let since = left["since"]?.number, let mounts = left["mounts"]?.array
        else { return nil }
        return Handover(version: version, since: since, mounts: mounts)
    }

    /// Whether something was left. Takes no lock.
    static func isLeft(in store: String) -> Bool { access(path(store), F_OK) == 0 }
}

extension StoreNode {
    /// Whether a node has left its mounts to the next one, which has not taken them up. Takes no
    /// lock.
    public static func isLeftToSuccessor(_ store: String) -> Bool { Handover.isLeft(in: store) }
}
