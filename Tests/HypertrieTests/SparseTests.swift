import HyperCrypto
import Hypercore
import TestSupport
import Testing

@testable import Hypertrie

/// Reading over a link: what counts is round trips.
@Suite(.timeLimit(.minutes(1)))
struct SparseTests {
    private func thousand() throws -> Trie { try TrieFixture("thousand").shared() }

    @Test func aColdLookUpTakesTwoRoundTrips() throws {
        let reader = try SparseReader(of: thousand())
        let node = try reader.resolve { try reader.trie.get("file-777") }
        #expect(node?.seq == 778)
        #expect(reader.network.rounds == 2)
        #expect(Set(reader.network.blocksSent) == [0, 1000, 998, 978, 863, 778])
        #expect(reader.network.messages.map(\.hex) == ["1a0d08e807120866696c652d373737"])
    }

    @Test func withoutAnswersALookUpStillArrives() throws {
        let reader = try SparseReader(of: thousand(), answers: false)
        #expect(try reader.resolve { try reader.trie.get("file-777") }?.seq == 778)
        #expect(reader.network.rounds == 5)
        #expect(try reader.resolve { try reader.trie.get("no-such-key") } == nil)
    }

    private func folder(_ files: Int) throws -> Trie {
        let trie = try makeTrie()
        try trie.batch(
            (0..<files).map { .put(key: "folder/file-\($0)", value: [UInt8($0 % 256)]) }
                + (0..<50).map { .put(key: "other/\($0)/deep", value: nil) })
        return trie
    }

    @Test(arguments: [true, false])
    func aColdListingTakesFewRoundTrips(answers: Bool) throws {
        let source = try folder(500)
        let reader = try SparseReader(of: source, answers: answers)
        var names: Set<String> = []
        var children = reader.trie.children(of: "folder")
        // The iterator keeps its place: no round of this starts anew.
        while let child = try reader.resolve({ try children.next() }) {
            #expect(child.node != nil && !child.hasDescendants)
            #expect(names.insert(child.name).inserted)
        }
        #expect(names.count == 500)
        #expect(reader.network.rounds <= (answers ? 3 : 9), "\(reader.network.rounds)")
    }

    @Test(arguments: [true, false])
    func aColdWalkThatStartsAnewTakesFewRoundTrips(answers: Bool) throws {
        let source = try folder(500)
        let reader = try SparseReader(of: source, answers: answers)
        let keys = try reader.resolve {
            var iterator = reader.trie.iterate("")
            var keys: Set<String> = []
            while let node = try iterator.next() { keys.insert(node.key) }
            return keys
        }
        #expect(keys.count == 550)
        #expect(reader.network.rounds <= (answers ? 3 : 9), "\(reader.network.rounds)")
        #expect(reader.network.messages.count <= 2)
    }

    @Test func childrenThatAreOnlyImpliedComeWithTheirOwnEntries() throws {
        let source = try makeTrie()
        try source.batch(
            (0..<100).map { .put(key: "d/\($0)", value: [1]) }
                + (0..<100).map { .put(key: "d/\($0)/below", value: [2]) })
        let reader = try SparseReader(of: source, answers: false)
        var children = reader.trie.children(of: "d")
        var count = 0
        while let child = try reader.resolve({ try children.next() }) {
            #expect(child.node?.value == [1] && child.hasDescendants)
            count += 1
        }
        #expect(count == 100)
        #expect(reader.network.rounds <= 8, "\(reader.network.rounds)")
    }

    @Test func aColdDifferenceOfNearVersionsTakesFewRoundTrips() throws {
        let source = try thousand()
        let reader = try SparseReader(of: source)
        var diff = reader.trie.diff(from: reader.trie.checkout(991))
        var keys: Set<String> = []
        while let entry = try reader.resolve({ try diff.next() }) { keys.insert(entry.key) }
        #expect(keys == Set((990..<1000).map { "file-\($0)" }))
        #expect(reader.network.rounds <= 8, "\(reader.network.rounds)")
    }

    @Test func aColdHistoryIsReadInLongStrides() throws {
        let reader = try SparseReader(of: thousand())
        var history = reader.trie.history()
        var count = 0
        while try reader.resolve({ try history.next() }) != nil { count += 1 }
        #expect(count == 1000)
        #expect(reader.network.rounds <= 6)
    }

    @Test func aColdPathWithoutMountsCostsNoMoreThanALookUp() throws {
        let source = try thousand()
        let reader = try SparseReader(of: source)
        let mounted = MountedTrie(reader.trie) { _ in reader.trie }
        #expect(try reader.resolve { try mounted.entry("file-777") }.node?.seq == 778)
        #expect(reader.network.rounds == 2)
    }

    @Test func theWayThroughAColdMountTakesTwoRoundTripsATrie() throws {
        let inner = try folder(100)
        let outer = try folder(200)
        try outer.batch(
            .mount(MountRecord(key: inner.feed.key, localPath: "folder/m"), value: [7]))
        try outer.batch((0..<50).map { .put(key: "folder/later-\($0)", value: nil) })
        let reader = try SparseReader(of: outer)
        let mounted = MountedTrie(reader.trie) { _ in inner }
        let entry = try reader.resolve { try mounted.entry("folder/m/folder/file-7") }
        #expect(entry.node?.value == [7])
        #expect(entry.place.prefix == "folder/m")
        #expect(reader.network.rounds == 2)
        // The mount point itself, and a name beside it.
        #expect(try reader.resolve { try mounted.entry("folder/m") }.mount != nil)
        #expect(reader.network.rounds == 2)
        #expect(try reader.resolve { try mounted.entry("folder/mm") }.node == nil)
    }

    @Test func aReaderWhoKnowsNothingWaitsInsteadOfSayingNo() throws {
        let source = try thousand()
        let feed = try Feed(storage: MemoryStorage(), key: source.feed.key)
        let missing = #expect(throws: MissingBlocks.self) { try Trie(feed: feed).get("a") }
        #expect(missing?.target == .length(atLeast: 1))
    }

    @Test func recordedAnswersAreGivenToTheByte() throws {
        let source = try thousand()
        let json = try Fixtures.json("hyperdrive/hypertrie/extension-messages.json")
        for session in json["sessions"].array {
            var expected = session["messages"].array
            while let request = expected.first {
                expected.removeFirst()
                var replies: [String] = []
                while let reply = expected.first, reply["from"].string == "server" {
                    replies.append(reply["bytes"].string)
                    expected.removeFirst()
                }
                let payload = try #require([UInt8](hex: request["bytes"].string))
                #expect(
                    try answers(to: payload, of: source) == replies, "\(session["name"].string)")
            }
        }
    }

    private func answers(to payload: [UInt8], of trie: Trie) throws -> [String] {
        let network = Recorder()
        trie.feed.network = network
        defer { trie.feed.network = nil }
        let core = TrieCore.of(trie.feed)
        let wire = TrieExtension(clock: { 0 }, work: { $0() })
        wire.receive(payload, from: PeerID(1), feed: trie.feed, core: core)
        return network.sent.map(\.hex)
    }

    @Test func recordedMessagesAreThoseOfTheReference() throws {
        let json = try Fixtures.json("hyperdrive/hypertrie/extension-messages.json")
        for entry in json["encodings"].array {
            let bytes = try #require([UInt8](hex: entry["bytes"].string))
            let message = entry["message"]
            let mine: TrieMessage
            if case .object = message["get"] {
                mine = .get(head: message["get"]["head"].uint64, key: message["get"]["key"].string)
            } else if case .object = message["iterator"] {
                let iterator = message["iterator"]
                mine = .iterator(
                    .init(
                        head: iterator["head"].uint64, prefix: iterator["key"].string,
                        flags: iterator["flags"].uint64OrNil,
                        checkpoint: iterator["checkpoint"].stringOrNil.flatMap { [UInt8](hex: $0) })
                )
            } else {
                mine = .cache(blocks: message["cache"]["blocks"].array.map(\.uint64))
            }
            #expect(TrieMessage(decoding: bytes) == mine)
            #expect(try mine.encoded() == bytes)
        }
    }
}
