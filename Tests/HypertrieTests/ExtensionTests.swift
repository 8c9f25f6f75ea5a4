import Hypercore
import Synchronization
import TestSupport
import Testing

@testable import Hypertrie

/// What peers may make us do.
@Suite(.timeLimit(.minutes(1)))
struct ExtensionTests {
    /// A clock that the test sets, and a place where work waits.
    private final class Bench: Sendable {
        let now = Mutex<UInt64>(0)
        let held = Mutex<[@Sendable () -> Void]>([])
        let isHolding: Bool

        init(isHolding: Bool = false) { self.isHolding = isHolding }

        func wire() -> TrieExtension {
            TrieExtension(
                clock: { [self] in now.withLock { $0 } },
                work: { [self] job in
                    if isHolding { held.withLock { $0.append(job) } } else { job() }
                })
        }
    }

    /// A reader of a feed of 1000 entries that has the header and nothing else.
    private func sparse(_ bench: Bench) throws -> (trie: Trie, network: Recorder) {
        let source = try TrieFixture("ten").stored()
        let reader = try SparseReader(of: source)
        let network = Recorder()
        reader.trie.feed.network = network
        let core = TrieCore(feed: reader.trie.feed, wire: bench.wire())
        return (Trie(core, reader.trie.feed, checkoutVersion: nil), network)
    }

    private func give(_ blocks: [UInt64], to trie: Trie) throws {
        trie.core.wire.receive(
            try TrieMessage.cache(blocks: blocks).encoded(), from: PeerID(1), feed: trie.feed,
            core: trie.core)
    }

    @Test func answersThatNobodyAskedForAreIgnored() throws {
        let bench = Bench()
        let (trie, network) = try sparse(bench)
        try give([1, 2, 3], to: trie)
        #expect(network.demands.isEmpty)
        #expect(throws: MissingBlocks.self) { try trie.get("pear") }
        try give([1, 2, 3], to: trie)
        #expect(network.demandedBlocks == [1, 2, 3])
        #expect(network.demands[0].priority == .foreground)
        bench.now.withLock { $0 = 31_000 }
        try give([4], to: trie)
        #expect(network.demandedBlocks == [1, 2, 3])
    }

    @Test func answersAreCutToWhatIsMissingAndKnown() throws {
        let (trie, network) = try sparse(Bench())
        #expect(throws: MissingBlocks.self) { try trie.get("pear") }
        // Block 0 is here; 11 and beyond do not exist.
        try give([7, 0, 7, 3, 11, 1 << 40], to: trie)
        #expect(network.demandedBlocks == [7, 3])
    }

    @Test func oneRequestBringsABoundedNumberOfBlocks() {
        var ledger = RequestLedger()
        ledger.asked(head: 100_000, at: 0)
        let (now, ahead) = ledger.accept(Array(1...10_000))
        #expect(now.count == 512)
        #expect(now.count + ahead.count == 4352)
        let rest = ledger.accept([1])
        #expect(rest.now.isEmpty && rest.ahead.isEmpty)
        for time: UInt64 in 0..<100 { ledger.asked(head: 5, at: time) }
        let more = ledger.accept(Array(1...100_000))
        #expect(more.now.count + more.ahead.count == 4 * 2176)
    }

    @Test func aWalkThatIsRunAgainAsksForTheSame() {
        var ledger = RequestLedger()
        var asked: [[UInt8]] = []
        for (followed, fresh, now): (Int, UInt8, UInt64) in [
            (0, 1, 0), (2047, 2, 0), (2048, 3, 0), (3000, 4, 10), (4096, 5, 20), (2100, 6, 40_000),
        ] {
            asked.append(ledger.request(of: [0], followed: followed, fresh: [fresh], at: now))
        }
        #expect(asked == [[0], [0], [3], [3], [5], [6]])
        for walk in 0..<UInt8.max {
            let mine = ledger.request(of: [walk, 0], followed: 5000, fresh: [walk], at: 0)
            #expect(mine == [walk])
        }
    }

    private func asks(_ trie: Trie, _ wire: TrieExtension, from peer: UInt64) throws {
        wire.receive(
            try TrieMessage.get(head: trie.version - 1, key: "pear").encoded(),
            from: PeerID(peer), feed: trie.feed, core: trie.core)
    }

    @Test func noMoreThan32RequestsAreWorkedOnAtOnce() throws {
        let trie = try TrieFixture("ten").stored()
        let network = Recorder()
        trie.feed.network = network
        let bench = Bench(isHolding: true)
        let wire = bench.wire()
        for peer: UInt64 in 0..<40 { try asks(trie, wire, from: peer) }
        let jobs = bench.held.withLock { $0 }
        #expect(jobs.count == 32)
        for job in jobs { job() }
        #expect(network.sent.count == 32)
        try asks(trie, wire, from: 1)
        #expect(bench.held.withLock { $0.count } == 33)
    }

    @Test func aPeerThatAsksWithoutEndIsServedSlowly() throws {
        let trie = try TrieFixture("ten").stored()
        let network = Recorder()
        trie.feed.network = network
        let bench = Bench()
        let wire = bench.wire()
        for _ in 0..<5000 { try asks(trie, wire, from: 1) }
        #expect(network.sent.count == 65_536 / 16)
        try asks(trie, wire, from: 2)
        #expect(network.sent.count == 65_536 / 16 + 1)
        bench.now.withLock { $0 += 10 }
        for _ in 0..<100 { try asks(trie, wire, from: 1) }
        #expect(network.sent.count == 65_536 / 16 + 1 + 10)
    }

    @Test func aPartialCopyNamesOnlyWhatItHas() throws {
        let source = try TrieFixture("thousand").shared()
        let reader = try SparseReader(of: source)
        try reader.network.copy(1000, to: reader.trie.feed)
        try reader.network.copy(998, to: reader.trie.feed)
        let responder = TrieResponder(source: reader.trie.core, newest: 1000)
        #expect(responder.blocks(for: .get(head: 1000, key: "file-777")) == [1000, 998])
        #expect(responder.blocks(for: .get(head: 500, key: "file-777")).isEmpty)
        #expect(responder.blocks(for: .get(head: 1001, key: "file-777")).isEmpty)
        #expect(responder.blocks(for: .get(head: 0, key: "file-777")).isEmpty)
        #expect(responder.blocks(for: .get(head: 1000, key: "")).isEmpty)
    }

    @Test func aFolderIsAnsweredFirstAndWhatIsBelowAfterwards() throws {
        let trie = try makeTrie()
        try trie.batch(
            (0..<20).map { .put(key: "d/\($0)", value: nil) }
                + (0..<20).flatMap { child in
                    (0..<20).map { .put(key: "d/\(child)/\($0)", value: nil) }
                })
        let responder = TrieResponder(source: trie.core, newest: trie.version - 1)
        var request = TrieMessage.Iterator(
            head: trie.version - 1, prefix: "d", flags: 0, checkpoint: nil)
        let answer = responder.blocks(for: .iterator(request))
        #expect(Set(answer).count == answer.count)
        #expect(Set(answer) == Set(1...420))
        // The children's own entries are blocks 1 to 20.
        let first = Set(answer.prefix(80))
        #expect(first.isSuperset(of: 1...20))
        request.flags = 1
        request.checkpoint = [0xff, 0xff]
        #expect(responder.blocks(for: .iterator(request)).isEmpty)
    }

    @Test func theWayToAMountComesWithTheLookUp() throws {
        let trie = try makeTrie()
        let other = try makeTrie()
        try trie.put("a", nil)
        try trie.batch(
            .mount(MountRecord(key: other.feed.key, localPath: "m"), value: []))
        for index in 0..<10 { try trie.put("more/\(index)", nil) }
        let responder = TrieResponder(source: trie.core, newest: trie.version - 1)
        #expect(responder.blocks(for: .get(head: trie.version - 1, key: "m/x")).contains(2))
    }

    @Test func garbageIsIgnored() throws {
        let (trie, network) = try sparse(Bench())
        var random = SeededRandom.announced()
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            trie.core.wire.receive(bytes, from: PeerID(1), feed: trie.feed, core: trie.core)
        }
        #expect(network.demands.isEmpty)
    }
}
