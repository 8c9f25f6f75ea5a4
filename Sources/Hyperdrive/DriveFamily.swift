import Corestore
import HyperCrypto
import Hypercore
import Hypertrie
import Synchronization

/// What a drive shares with its old versions and with the drives nested in it: each feed's trie
/// and content are opened once.
final class DriveFamily: Sendable {
    /// One metadata feed.
    final class Member: Sendable {
        let metadata: Feed
        let trie: Trie
        private let content = Mutex<Feed?>(nil)

        init(_ metadata: Feed) throws {
            self.metadata = metadata
            trie = try Trie(feed: metadata)
        }

        /// The content feed, from the header's key. Throws `MissingBlocks` while that is not here.
        func content(in store: Store) throws -> Feed {
            if let found = content.withLock({ $0 }) { return found }
            let header = try DriveError.translating("/") { try trie.header() }
            guard let bytes = header.metadata, let key = PublicKey(bytes), key != metadata.key
            else {
                throw DriveError(
                    .notDrive,
                    "\(metadata.key) is not a drive: its first block names no content feed",
                    errno: 5)
            }
            let feed = try store.feed(key: key)
            content.withLock { $0 = feed }
            store.setCompanions([feed], of: metadata)
            return feed
        }
    }

    private struct Nested {
        weak var drive: Drive?
    }

    let store: Store
    private let members = Mutex<[PublicKey: Member]>([:])
    private let nested = Mutex<[[DriveID]: Nested]>([:])

    init(store: Store) { self.store = store }

    func member(_ key: PublicKey) throws -> Member {
        if let found = members.withLock({ $0[key] }) { return found }
        let new = try DriveError.translating("/") { try Member(store.feed(key: key)) }
        return members.withLock { members in
            if let found = members[key] { return found }
            if members.count >= OwnLimits.nestedDrivesMax { members = [:] }
            members[key] = new
            return new
        }
    }

    /// The drive at the end of a chain of nested ones; the same object as long as somebody has it.
    func drive(_ chain: [DriveID]) throws -> Drive {
        guard let last = chain.last else { preconditionFailure("a chain begins with a drive") }
        if let found = nested.withLock({ $0[chain]?.drive }) { return found }
        let new = Drive(family: self, member: try member(last.key), chain: chain)
        return nested.withLock { nested in
            if let found = nested[chain]?.drive { return found }
            if nested.count >= OwnLimits.nestedDrivesMax {
                nested = nested.filter { $0.value.drive != nil }
            }
            nested[chain] = Nested(drive: new)
            return new
        }
    }
}

/// A drive, live or at a version.
struct DriveID: Hashable, Sendable {
    let key: PublicKey
    let version: UInt64?
}
