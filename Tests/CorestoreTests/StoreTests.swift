import Corestore
import Foundation
import Glibc
import HyperCrypto
import Hypercore
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct StoreTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A store with the master key of the fixtures.
    private func store(_ masterKey: String) throws -> Store {
        try FileManager.default.createDirectory(
            atPath: folder("s"), withIntermediateDirectories: true)
        try Data([UInt8](hex: masterKey) ?? []).write(
            to: URL(fileURLWithPath: folder("s/master_key")))
        return try Store(folder: folder("s"))
    }

    @Test func namedFeedsHaveTheKeysOfTheFixtures() throws {
        for row in try Fixtures.json("hyperdrive/corestore/key-derivation.json")["cores"].array {
            let name = try #require([UInt8](hex: row["nameUtf8"].string))
            let store = try store(row["masterKey"].string)
            defer { try? store.close() }
            let seed = store.derive(namespace: "corestore", name: row["name"].string)
            if row["name"].string.utf8.elementsEqual(name) {
                #expect(seed.hex == row["seed"].string)
            }
            // The same feed in every store with that key, so it is refused.
            if name.isEmpty { continue }
            let feed = try store.feed(name: name)
            #expect(feed.key.hex == row["publicKey"].string)
            #expect(feed.discoveryKey.hex == row["discoveryKey"].string)
            #expect(feed.isWritable)
            let files = folder("s/" + row["storagePath"].string)
            #expect(
                FileManager.default.contents(atPath: files + "/key") == Data(feed.key.raw.bytes))
            #expect(!FileManager.default.fileExists(atPath: files + "/secret_key"))
            let stored = try #require(FileManager.default.contents(atPath: files + "/name"))
            #expect(stored.suffix(name.count) == Data(name))
            #expect(stored.count == name.count + (name.count < 128 ? 1 : 2))
        }
    }

    @Test func otherSecretsAreDerivedAsInTheFixtures() throws {
        for row in try Fixtures.json("hyperdrive/corestore/key-derivation.json")[
            "otherNamespaces"
        ].array {
            let store = try store(row["masterKey"].string)
            let derived = store.derive(
                namespace: row["namespace"].string, name: row["name"].string)
            #expect(derived.hex == row["derived"].string)
            try store.close()
        }
    }

    @Test func namespacesHaveTheFeedsOfTheFixtures() throws {
        let fixture = try Fixtures.json("hyperdrive/corestore/namespaces.json")
        let store = try store(fixture["masterKey"].string)
        let feeds = [
            try store.defaultFeed(), try store.feed(name: "foo"),
            try store.namespace("one").defaultFeed(),
            try store.namespace("one").store.feed(name: "foo"),
            try store.namespace("one").namespace("two").defaultFeed(),
            try store.namespace([0xab, 0xcd]).defaultFeed(),
            try store.namespace("default").defaultFeed(),
        ]
        #expect(feeds.map(\.key.hex) == fixture["rows"].array.map { $0["publicKey"].string })
        #expect(feeds[1] === feeds[3])
    }

    @Test func aFeedIsOpenedOnceAndFoundEachWay() throws {
        let store = try Store(folder: folder("s"))
        let feed = try store.newFeed()
        #expect(try store.feed(key: feed.key) === feed)
        #expect(store.feed(discoveryKey: feed.discoveryKey) === feed)
        #expect(store.isStored(feed.key))
        #expect(try store.storedKeys() == [feed.key])
    }

    @Test func anUnknownDiscoveryKeyIsNobodysUntilItsFeedComes() throws {
        let store = try Store(folder: folder("s"))
        var random = SeededRandom(seed: 1)
        let key = KeyPair(random: &random).publicKey
        #expect(store.feed(discoveryKey: key.discoveryKey) == nil)
        #expect(!store.isStored(key))
        let feed = try store.feed(key: key)
        #expect(!feed.isWritable)
        #expect(store.feed(discoveryKey: key.discoveryKey) === feed)
    }

    @Test func feedsAreStillWritableAfterReopening() throws {
        let store = try Store(folder: folder("s"))
        let new = try store.newFeed()
        try new.append([[1, 2, 3]])
        let key = new.key
        try store.close()
        let again = try Store(folder: folder("s"))
        let feed = try again.feed(key: key)
        #expect(feed.isWritable)
        #expect(try feed.block(0) == [1, 2, 3])
        #expect(again.feed(discoveryKey: key.discoveryKey) === feed)
    }

    @Test func aClosedStoreGivesNoFeeds() throws {
        let store = try Store(folder: folder("s"))
        try store.close()
        let error = #expect(throws: StoreError.self) { try store.feed(name: "a") }
        #expect(error?.code == .closed)
    }

    @Test func masterKeyAndFolderAreTheirOwnersOnly() throws {
        let store = try Store(folder: folder("deep/er/s"))
        var status = stat()
        #expect(stat(folder("deep/er/s/master_key"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(status.st_size == 32)
        #expect(stat(folder("deep/er/s"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        try store.close()
    }

    @Test(arguments: [0, 31, 33])
    func aMasterKeyOfTheWrongLengthIsNotReplaced(count: Int) throws {
        try Store(folder: folder("s")).close()
        let path = URL(fileURLWithPath: folder("s/master_key"))
        try Data(count: count).write(to: path)
        let error = #expect(throws: StoreError.self) { try Store(folder: folder("s")) }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains("master_key") == true)
        #expect(try Data(contentsOf: path).count == count)
    }

    @Test func aLostMasterKeyIsNotedWhileThereAreFeeds() throws {
        let store = try Store(folder: folder("s"))
        _ = try store.newFeed()
        try store.close()
        try FileManager.default.removeItem(atPath: folder("s/master_key"))
        let error = #expect(throws: StoreError.self) { try Store(folder: folder("s")) }
        #expect(error?.code == .damaged)
        #expect(!FileManager.default.fileExists(atPath: folder("s/master_key")))
    }

    @Test func aSecondProcessIsToldWhoHasTheStore() throws {
        let store = try Store(folder: folder("s"))
        let error = #expect(throws: StoreError.self) { try Store(folder: folder("s")) }
        #expect(error?.code == .locked)
        #expect(error?.message.contains("pid \(getpid())") == true)
        try store.close()
        try Store(folder: folder("s")).close()
    }

    @Test func aDamagedFolderIsNamedAndHurtsNoOther() throws {
        let store = try Store(folder: folder("s"))
        let good = try store.newFeed().key
        let bad = try store.newFeed()
        let (key, digits) = (bad.key, bad.discoveryKey.hex)
        try store.close()
        let files = folder("s/\(digits.prefix(2))/\(digits.dropFirst(2).prefix(2))/\(digits)")
        try Data(good.raw.bytes).write(to: URL(fileURLWithPath: files + "/key"))

        let again = try Store(folder: folder("s"))
        let error = #expect(throws: StoreError.self) { try again.feed(key: key) }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains(files + "/key") == true)
        #expect(again.feed(discoveryKey: key.discoveryKey) == nil)
        #expect(try again.storedKeys() == [good])
        #expect(try again.feed(key: good).isWritable)
    }

    @Test func aNameOfTheWrongLengthIsDamage() throws {
        let store = try Store(folder: folder("s"))
        let feed = try store.newFeed()
        let (key, digits) = (feed.key, feed.discoveryKey.hex)
        try store.close()
        let path = folder("s/\(digits.prefix(2))/\(digits.dropFirst(2).prefix(2))/\(digits)/name")
        try Data([9, 1, 2]).write(to: URL(fileURLWithPath: path))
        let again = try Store(folder: folder("s"))
        let error = #expect(throws: StoreError.self) { try again.feed(key: key) }
        #expect(error?.message.contains(path) == true)
    }

    @Test func anotherMasterKeyStillReads() throws {
        let store = try Store(folder: folder("s"))
        let feed = try store.newFeed()
        try feed.append([[7]])
        let key = feed.key
        try store.close()
        try Data(repeating: 1, count: 32).write(to: URL(fileURLWithPath: folder("s/master_key")))
        let other = try Store(folder: folder("s"))
        let error = #expect(throws: StoreError.self) { try other.feed(key: key) }
        #expect(error?.message.contains("master_key") == true)
        let reader = try Store(folder: folder("s"), readOnly: true)
        #expect(try reader.feed(key: key).block(0) == [7])
        #expect(try !reader.feed(key: key).isWritable)
    }

    @Test func readingOnlyChangesNothing() throws {
        let source = Fixtures.path("hyperdrive/drives/store-tree")
        try FileManager.default.copyItem(atPath: source, toPath: folder("s"))
        let before = try listing(folder("s"))
        let store = try Store(folder: folder("s"), readOnly: true)
        for key in try store.storedKeys() {
            let feed = try store.feed(key: key)
            #expect(feed.length > 0)
            #expect(try feed.block(0) != nil)
            #expect(throws: FeedError.self) { try feed.append([[1]]) }
        }
        #expect(throws: StoreError.self) { try store.feed(key: PublicKey(Bytes32())) }
        try store.flush()
        try store.close()
        #expect(try listing(folder("s")) == before)
    }

    /// Paths with content and time of change.
    private func listing(_ path: String) throws -> [String: String] {
        var found: [String: String] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            var status = stat()
            #expect(lstat(path + "/" + name, &status) == 0)
            let sum = SHA256.hex(
                [UInt8](FileManager.default.contents(atPath: path + "/" + name) ?? Data()))
            found[name] = "\(sum) \(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
        }
        return found
    }

    @Test func handlersSeeEveryFeedBeforeItsCaller() throws {
        let store = Store(memory: SeededRandom(seed: 3))
        let seen = Seen()
        store.onOpen { feed in seen.add(feed.key) }
        let first = try store.newFeed()
        let second = try store.feed(name: "b")
        _ = try store.feed(key: first.key)
        #expect(seen.keys == [first.key, second.key])
    }

    @Test func aHandlerMayAskForTheFeedAndForOthers() throws {
        let store = Store(memory: SeededRandom(seed: 3))
        store.onOpen { [unowned store] feed in
            if let same = try? store.feed(key: feed.key) { #expect(same === feed) }
            if feed.length == 0 { _ = try? store.feed(name: "other") }
        }
        #expect(try store.newFeed() !== store.feed(name: "other"))
    }

    @Test func companionsAreRememberedByKey() throws {
        let store = Store(memory: SeededRandom(seed: 5))
        let metadata = try store.newFeed()
        let content = try store.newFeed()
        store.setCompanions([content], of: metadata)
        #expect(store.companions(of: metadata).map(\.key) == [content.key])
        #expect(store.companions(of: content).isEmpty)
    }

    @Test func unusedFeedsAreClosedWhenThereAreMany() throws {
        let store = Store(memory: SeededRandom(seed: 7))
        let kept = try store.feed(name: "kept")
        for i in 0..<300 { _ = try store.feed(name: "feed \(i)") }
        #expect(store.openFeeds.count <= 128)
        #expect(try store.feed(name: "kept") === kept)
        _ = try kept.append([[1]])
    }

    @Test(arguments: ["", String(repeating: "x", count: 65536)])
    func unusableNamesAreRefused(name: String) throws {
        let store = Store(memory: SeededRandom(seed: 9))
        let error = #expect(throws: StoreError.self) { try store.feed(name: name) }
        #expect(error?.code == .badName)
    }
}

/// Keys in the order in which they came.
private final class Seen: @unchecked Sendable {
    private let lock = NSLock()
    private var found: [PublicKey] = []
    func add(_ key: PublicKey) { lock.withLock { found.append(key) } }
    var keys: [PublicKey] { lock.withLock { found } }
}
