import HyperCrypto
import Hypercore
import TestSupport

@testable import Hypertrie

extension FuzzTarget {
    static let trieTargets: [FuzzTarget] = [trieNode, trieMessage, mountRecord, trieWalk]

    private static func blocks(_ name: String, _ count: Int) throws -> [[UInt8]] {
        try Fixtures.json("hyperdrive/hypertrie/feed-\(name).json")["blocks"].array.prefix(count)
            .compactMap { [UInt8](hex: $0.string) }
    }

    private static let trieNode = FuzzTarget("trie-node") {
        try blocks("ten", 12) + blocks("hidden", 6) + blocks("header-metadata", 1)
    } body: { input in
        let bytes = input.rest()
        _ = try? TrieHeader(decoding: bytes)
        let node = try NodeRecord(decoding: bytes, seq: 1 << 40)
        let encoded = try node.encoded()
        let again = try NodeRecord(decoding: encoded, seq: 1 << 40)
        check(try again.encoded() == encoded, "what we write reads the same")
        check(again.path.key == node.path.key, "a key survives")
    }

    private static let trieMessage = FuzzTarget("trie-message") {
        try Fixtures.json("hyperdrive/hypertrie/extension-messages.json")["encodings"].array
            .compactMap { [UInt8](hex: $0["bytes"].string) }
    } body: { input in
        let payload = input.rest()
        guard let message = TrieMessage(decoding: payload) else { return }
        let encoded = try message.encoded()
        check(TrieMessage(decoding: encoded) == message, "what we write reads the same")
    }

    private static let mountRecord = FuzzTarget("mount-record") {
        [try MountRecord(key: PublicKey(Bytes32()), localPath: "a/b", version: 3).encoded()]
    } body: { input in
        let record = try MountRecord(decoding: input.rest(), at: "a/b")
        let again = try MountRecord(decoding: record.encoded(), at: "a/b")
        check(again == record, "what we write reads the same")
    }

    /// A whole trie by a hostile author: every walk ends.
    private static let trieWalk = FuzzTarget("trie-walk") {
        try ["ten", "nested", "deletes", "collision"].map { name in
            try blocks(name, 20).flatMap { FuzzInput.piece($0) }
        }
    } body: { input in
        let feed = try Feed(storage: MemoryStorage(), keyPair: KeyPair(seed: Blake2b.hash32([6])))
        var blocks: [[UInt8]] = []
        while !input.isEmpty, blocks.count < 64 { blocks.append(input.piece()) }
        try feed.append(blocks)
        let network = DeafNetwork()
        feed.network = network
        let trie = try Trie(feed: feed)
        for key in ["", "a", "a/b", "/c", "0", "x/y/z"] {
            _ = try? trie.get(key)
            ask(feed, .get(head: UInt64(blocks.count), key: key))
            ask(
                feed,
                .iterator(.init(head: UInt64(blocks.count), prefix: key, flags: 1)))
        }
        visit(trie)
        let older = trie.checkout(UInt64(max(1, blocks.count / 2)))
        var diff = trie.diff(from: older, prefix: "")
        for _ in 0..<500 {
            guard let next = try? diff.next(), next.key.utf8.count < 1 << 20 else { break }
        }
        try trie.put("new", [1])
        check(try trie.get("new")?.value == [1], "what was put is there")
    }

    private static func visit(_ trie: Trie) {
        for reverse in [false, true] {
            var walk = trie.iterate("", .init(reverse: reverse))
            for _ in 0..<500 {
                guard let node = try? walk.next(), node.seq > 0 else { break }
            }
            var history = trie.history(reverse: reverse)
            for _ in 0..<500 {
                guard let node = try? history.next(), node.seq > 0 else { break }
            }
        }
    }

    private static func ask(_ feed: Feed, _ message: TrieMessage) {
        guard let payload = try? message.encoded() else { return }
        feed.receiveExtension(TrieMessage.name, from: PeerID(1), payload: payload)
    }
}

/// A network that takes everything and brings nothing.
private final class DeafNetwork: FeedNetwork {
    func demand(
        _ demand: Demand, of feed: Feed,
        completion: @escaping @Sendable (Result<Void, FeedError>) -> Void
    ) -> DemandID {
        completion(.failure(FeedError(.noPeers, "nobody is there")))
        return DemandID(1)
    }

    func withdraw(_ id: DemandID) {}
    func broadcast(_ payload: [UInt8], extension name: String, of feed: Feed) {}
    func send(_ payload: [UInt8], extension name: String, of feed: Feed, to peer: PeerID) {}
    func peerCount(of feed: Feed) -> Int { 1 }
}
