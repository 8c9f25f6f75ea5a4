import HyperCrypto
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct DeduplicationTests {
    @Test func allRecordedCasesEndAsRecorded() throws {
        let json = try Fixtures.json("swarm/peer-queue.json")["deduplicate"]
        let lower = try #require(Bytes32(hex: json["localKeyLower"].string))
        let higher = try #require(Bytes32(hex: json["localKeyHigher"].string))
        let cases = json["cases"].array
        #expect(cases.count == 33)
        for told in cases {
            var table = Deduplication<Int>()
            if !told["result"].isNull {
                let outcome = table.identified(
                    1, local: lower, remote: lower, isInitiator: true, over: .tcp)
                #expect(outcome == .ourselves)
                continue
            }
            let isLower = told["order"].string == "local < remote"
            let (local, remote) = isLower ? (lower, higher) : (higher, lower)
            func connect(_ id: Int, _ connection: JSON) -> Deduplication<Int>.Outcome {
                table.identified(
                    id, local: local, remote: remote, isInitiator: connection["client"].bool,
                    over: connection["type"].string == "tcp" ? .tcp : .utp)
            }
            let first = connect(1, told["first"])
            #expect(first == .single)
            let outcome = connect(2, told["second"])
            if told["secondDropped"].bool {
                #expect(outcome == .yields(to: 1, ends: told["secondStreamEnded"].bool), "\(told)")
                #expect(!told["firstDropped"].bool && table.isInUse(1) && !table.isInUse(2))
            } else {
                #expect(outcome == .replaces(1, ends: told["firstStreamEnded"].bool), "\(told)")
                #expect(told["firstDropped"].bool && table.isInUse(2) && !table.isInUse(1))
            }
        }
    }

    private let low = Bytes32(Array(repeating: UInt8(1), count: 32)) ?? Bytes32()
    private let high = Bytes32(Array(repeating: UInt8(2), count: 32)) ?? Bytes32()

    /// The trap of 4.6 and its cure: two connections that one side began, whose handshakes end in
    /// another order at the two ends.
    @Test func endsThatDisagreeStillKeepOneConnection() {
        for dialer in [low, high] {
            let acceptor = dialer == low ? high : low
            var ours = Deduplication<Int>()
            var theirs = Deduplication<Int>()
            _ = ours.identified(1, local: dialer, remote: acceptor, isInitiator: true, over: .tcp)
            let dialing = ours.identified(
                2, local: dialer, remote: acceptor, isInitiator: true, over: .tcp)
            _ = theirs.identified(
                2, local: acceptor, remote: dialer, isInitiator: false, over: .tcp)
            let accepting = theirs.identified(
                1, local: acceptor, remote: dialer, isInitiator: false, over: .tcp)
            // The dialer ends its loser; the acceptor has kept the other one, idle.
            let survivor = dialer == low ? 2 : 1
            let loser = 3 - survivor
            if dialer == low {
                #expect(dialing == .replaces(1, ends: true))
            } else {
                #expect(dialing == .yields(to: 1, ends: true))
            }
            switch accepting {
            case .replaces(_, let ends), .yields(_, let ends): #expect(!ends)
            default: Issue.record("there were two")
            }
            #expect(theirs.isInUse(loser), "this is the trap")
            let promoted = (ours.closed(loser), theirs.closed(loser))
            #expect(promoted.0 == nil && promoted.1 == survivor, "and this its cure")
            #expect(ours.isInUse(survivor) && theirs.isInUse(survivor))
        }
    }

    /// Any number of connections in any order of handshakes and closings: as long as one is left
    /// that nobody closed, both ends use the same one in the end.
    @Test func bothEndsUseTheSameConnectionInTheEnd() {
        var random = SeededRandom.announced()
        for _ in 0..<2000 {
            let count = Int.random(in: 2...4, using: &random)
            let isFirstDialing = (0..<count).map { _ in Bool.random(using: &random) }
            let isTCP = (0..<count).map { _ in Bool.random(using: &random) }
            var tables = [Deduplication<Int>(), Deduplication<Int>()]
            var closing: Set<Int> = []
            for side in 0...1 {
                for id in (0..<count).shuffled(using: &random) {
                    let outcome = tables[side].identified(
                        id, local: side == 0 ? low : high, remote: side == 0 ? high : low,
                        isInitiator: isFirstDialing[id] == (side == 0),
                        over: isTCP[id] ? .tcp : .utp)
                    switch outcome {
                    case .replaces(let other, true): closing.insert(other)
                    case .yields(_, true): closing.insert(id)
                    default: break
                    }
                }
            }
            for id in closing.shuffled(using: &random) {
                for side in [0, 1].shuffled(using: &random) { _ = tables[side].closed(id) }
            }
            let left = Set(0..<count).subtracting(closing)
            #expect(!left.isEmpty, "somebody survives")
            let used = tables.map { table in left.filter { table.isInUse($0) } }
            #expect(used[0].count == 1 && used[1].count == 1)
            if left.count == 1 { #expect(used[0] == used[1]) }
        }
    }

    @Test func aPeerGetsFewIdleConnections() {
        var table = Deduplication<Int>()
        var ended = 0
        for id in 0..<100 {
            let outcome = table.identified(
                id, local: low, remote: high, isInitiator: false, over: .tcp)
            switch outcome {
            case .yields(_, ends: true): ended += 1
            default: break
            }
        }
        #expect(ended == 99 - Limits.Queue.heldPerKeyMax)
    }

    /// Whose address has changed connects again, long before the old connection is known for dead
    /// here. Whatever the keys say, he must not wait for that.
    @Test(arguments: [true, false], [true, false])
    func whoComesBackIsServed(_ isLower: Bool, _ wasOurs: Bool) {
        let (local, remote) = isLower ? (low, high) : (high, low)
        var table = Deduplication<Int>()
        _ = table.identified(1, local: local, remote: remote, isInitiator: wasOurs, over: .tcp)
        let outcome = table.identified(
            2, local: local, remote: remote, isInitiator: false, over: .tcp)
        if case .yields(_, let ends) = outcome {
            #expect(!ends)
            let isKept = table.kept(2)
            #expect(isKept)
        }
        #expect(table.isInUse(2))
        let isKeptTwice = table.kept(2)
        #expect(!isKeptTwice)
        // If it was but a second way, and he closes it after all, nothing is lost.
        let heir = table.closed(2)
        let isOursEnding = wasOurs && !isLower
        #expect(heir == (isOursEnding ? nil : 1))
    }
}
