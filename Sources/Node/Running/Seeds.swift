import HyperCrypto
import Hyperdrive
import Synchronization

/// The drives that a node keeps whole and serves.
final class Seeds: Sendable {
    private struct State: Sendable {
        var active: [PublicKey: (seed: Seed, task: Task<Void, Never>)] = [:]
        var isEnding = false
    }

    private let engine: Engine
    private let events: EventHub
    private let occupancy: Occupancy
    private let resumption: Resumption
    private let state = Mutex(State())

    init(engine: Engine, events: EventHub, occupancy: Occupancy, resumption: Resumption) {
        self.engine = engine
        self.events = events
        self.occupancy = occupancy
        self.resumption = resumption
    }

    /// By key.
    var all: [Seed] {
        state.withLock { $0.active.values.map(\.seed) }.sorted {
            $0.drive.key.hex < $1.drive.key.hex
        }
    }

    /// Seeds a drive from now on, also after the next start. Twice is once.
    func seed(_ key: PublicKey) throws -> Seed {
        let seed = try begin(key)
        try resumption.remember(seed: key.hex)
        return seed
    }

    private func begin(_ key: PublicKey) throws -> Seed {
        let new: Seed
        do {
            new = Seed(try Drive(store: engine.store, key: key), in: engine)
        } catch {
            throw NodeError(error, while: "seeding \(key)")
        }
        let found = state.withLock { state -> Seed? in
            if state.isEnding { return nil }
            if let there = state.active[key] { return there.seed }
            state.active[key] = (new, Task { await new.run() })
            occupancy.enter()
            return new
        }
        guard let found else { throw NodeError.ending }
        if found === new { events.publish(["event": "seeding", "key": .string(key.hex)]) }
        return found
    }

    /// Not any more; what is here stays here. Throws `.notMounted`.
    func end(_ key: PublicKey) throws {
        let active = state.withLock { $0.active.removeValue(forKey: key) }
        let wasRemembered = try resumption.forget(seed: key.hex)
        guard active != nil || wasRemembered else {
            throw NodeError(
                .notMounted, "\(key.hex) is not seeded", hint: "'hyperfs status' lists what is")
        }
        guard let active else { return }
        active.task.cancel()
        events.publish(["event": "unseeded", "key": .string(key.hex)])
        occupancy.leave()
    }

    /// Takes up what was seeded before.
    func resume() {
        for text in resumption.seeds {
            do {
                guard let key = PublicKey(hex: text) else { continue }
                _ = try begin(key)
            } catch {
                engine.configuration.logger.error("\(error)")
            }
        }
    }

    /// Ends all of them; no new ones.
    func end() async {
        let active = state.withLock { state in
            state.isEnding = true
            return Array(state.active.values)
        }
        for (_, task) in active { task.cancel() }
        for (_, task) in active { await task.value }
    }
}
