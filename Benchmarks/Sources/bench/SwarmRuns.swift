import Foundation
import SwarmSimulation

/// A flash crowd in one thread on a virtual clock: how long full copies take, and at whose cost.
/// Not a matter of speed: the numbers are those of the seed.
enum SwarmRuns {
    static func run() {
        print("| swarm simulation | ideal | last copy | median | seeder sent | fairness |")
        print("|---|---|---|---|---|---|")
        measure("50 equal peers, each connected with all") { _ in }
        measure("the same, 12 neighbors each") { $0.neighbors = 12 }
        measure("a seeder ten times as fast") { $0.seederUp *= 10 }
        measure("3 liars, 3 stallers, 10 of 50 vanish") {
            $0.liars = 3
            $0.stallers = 3
            $0.vanishing = 10
        }
    }

    private static func measure(
        _ what: String, _ change: (inout SwarmSimulation.Conditions) -> Void
    ) {
        var conditions = SwarmSimulation.Conditions()
        // 32 MiB in 64 KiB blocks; 10 Mbit/s up, 100 down.
        conditions.blocks = 512
        conditions.blockBytes = 64 << 10
        conditions.seederUp = 1.25e6
        conditions.up = 1.25e6
        conditions.down = 12.5e6
        change(&conditions)
        do {
            let started = Date()
            let swarm = try SwarmSimulation(conditions, seed: 2026)
            let outcome = try swarm.run(for: .seconds(1200))
            let count = outcome.seconds.count
            let missing = outcome.incomplete > 0 ? " (\(outcome.incomplete) without)" : ""
            print(
                "| \(what) | \(text(conditions.idealSeconds, 1)) s"
                    + " | \(text(outcome.seconds.last ?? .nan, 1)) s\(missing)"
                    + " | \(text(count > 0 ? outcome.seconds[count / 2] : .nan, 1)) s"
                    + " | \(text(outcome.seederCopies)) copies | \(text(outcome.fairness)) |")
            for violation in swarm.violations.prefix(3) { print("| broken: \(violation) |") }
            let real = Date().timeIntervalSince(started)
            FileHandle.standardError.write(Data("\(text(real, 1)) s\n".utf8))
        } catch {
            print("| \(what) | failed: \(error) | | | | |")
        }
        fflush(nil)
    }
}
