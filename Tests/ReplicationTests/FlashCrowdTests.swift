import SwarmSimulation
import TestSupport
import Testing

@testable import Replication

/// Many peers that come at once for one feed, over lines of equal speed, from a seed.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct FlashCrowdTests {
    /// 96 blocks of 16 KiB over lines of 2 Mbit/s out; in a debug build everybody cannot be
    /// connected with everybody.
    private func conditions() -> SwarmSimulation.Conditions {
        var conditions = SwarmSimulation.Conditions()
        conditions.blocks = 96
        conditions.seederUp = 250_000
        conditions.up = 250_000
        conditions.down = 2_500_000
        conditions.neighbors = 8
        return conditions
    }

    private func run(
        _ conditions: SwarmSimulation.Conditions, seed: UInt64 = 1
    ) throws -> SwarmSimulation.Outcome {
        let swarm = try SwarmSimulation(conditions, seed: seed)
        let outcome = try swarm.run(for: .seconds(conditions.idealSeconds * 20))
        #expect(swarm.violations.isEmpty)
        #expect(outcome.incomplete == 0)
        return outcome
    }

    @Test func fiftyPeersHelpEachOther() throws {
        let conditions = conditions()
        let outcome = try run(conditions)
        let last = try #require(outcome.seconds.last)
        // In order, each from the quickest, it was 36 copies and no end. A drive this small is not
        // much more than what is on its way to all of them: larger ones do better
        // (docs/benchmarks.md).
        #expect(last < 3 * conditions.idealSeconds)
        #expect(outcome.seederCopies < 3)
        #expect(outcome.fairness > 0.7)
    }

    @Test func thoseWhoLieStallAndVanishDoNotStopTheOthers() throws {
        var conditions = conditions()
        conditions.peers = 24
        conditions.liars = 2
        conditions.stallers = 2
        conditions.vanishing = 6
        let outcome = try run(conditions)
        let last = try #require(outcome.seconds.last)
        // A staller costs a time-out at most.
        #expect(last < 3 * conditions.idealSeconds + 20)
    }

    @Test func theSameSeedIsTheSameRun() throws {
        var conditions = conditions()
        conditions.peers = 8
        conditions.blocks = 32
        let first = try run(conditions, seed: 7)
        let second = try run(conditions, seed: 7)
        #expect(first.seconds == second.seconds)
        #expect(first.sent == second.sent)
        #expect(try run(conditions, seed: 8).seconds != first.seconds)
    }

    @Test func aPieceFallsToOneOfThoseWhoKnowEachOther() {
        var random = SeededRandom(seed: 1)
        let keys = (0..<10).map { _ in random.bytes32() }
        let crowds = keys.map { own in
            var crowd = Crowd(of: own)
            for key in keys where key != own { crowd.add(key) }
            return crowd
        }
        for piece in 0..<100 as Range<UInt64> {
            let ranks = crowds.map { $0.rank(of: piece) }
            #expect(ranks.sorted() == Array(0..<10))
        }
        for crowd in crowds {
            let own = (0..<1000 as Range<UInt64>).count { crowd.rank(of: $0) == 0 }
            #expect((60...150).contains(own))
        }
    }
}
