import HyperCrypto
import Synchronization

/// The shares of a node.
final class Shares: Sendable {
    private struct State: Sendable {
        var active: [String: ActiveShare] = [:]
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

    /// By folder.
    var all: [ActiveShare] {
        state.withLock { $0.active.values.sorted { $0.folder < $1.folder } }
    }

    /// The share of a folder, running; the one that runs already when there is one. Attached to it
    /// until `leave` unless the order is detached.
    func share(_ order: ShareOrder) async throws -> ActiveShare {
        let engine = engine
        try engine.dial(order.peers)
        // One that is just ending must be over before its folder is imported again.
        while true {
            let share = try await onThread("share") {
                try Share(
                    folder: order.folder, name: order.name, ignoreFile: order.ignoreFile,
                    isInPlace: order.isInPlace, in: engine)
            }
            let active = try claim(ActiveShare(order, share, engine: engine, events: events))
            if order.isDetached {
                var remembered = order
                remembered.folder = active.folder
                try resumption.remember(remembered)
                active.detach()
            }
            if active.attach() { return active }
            await active.ended.wait()
        }
    }

    /// The one that runs for this folder, or this one, started.
    private func claim(_ new: ActiveShare) throws(NodeError) -> ActiveShare {
        let found = state.withLock { state -> ActiveShare? in
            if state.isEnding { return nil }
            if let there = state.active[new.folder] { return there }
            state.active[new.folder] = new
            return new
        }
        guard let found else { throw .ending }
        // It has announced itself once more than there are shares.
        if found !== new { engine.endAnnouncing(new.share.drive) }
        if found === new {
            occupancy.enter()
            Task { await self.run(new) }
        }
        return found
    }

    private func run(_ active: ActiveShare) async {
        events.publish(active.keyEvent.adding(["folder": .string(active.folder)]))
        await active.run()
        if let failure = active.failure {
            engine.configuration.logger.error("\(failure.message); \(failure.hint)")
        }
        engine.endAnnouncing(active.share.drive)
        state.withLock { $0.active[active.folder] = nil }
        active.ended.open()
        events.publish(["event": "unshared", "folder": .string(active.folder)])
        occupancy.leave()
    }

    /// Ends the share of a folder or drive, and does not take it up again. Throws `.notMounted`.
    func end(folder: String?, key: PublicKey?) async throws -> String {
        let active = all.first { $0.folder == folder || $0.share.drive.key == key }
        let path = active?.folder ?? folder ?? key.flatMap { engine.registry.folder(of: $0) } ?? ""
        let wasRemembered = try resumption.forget(share: path)
        guard active != nil || wasRemembered else {
            throw NodeError(
                .notMounted, "\(folder ?? key?.hex ?? "") is not shared",
                hint: "'hyperfs status' lists what is")
        }
        active?.stop()
        await active?.ended.wait()
        return path
    }

    /// Takes up what was left to the node.
    func resume() {
        for order in resumption.shares {
            Task {
                do {
                    // Its own client, which never leaves.
                    _ = try await share(order)
                } catch {
                    let error = NodeError(error, while: "sharing \(order.folder) again")
                    engine.configuration.logger.error("\(error.message); \(error.hint)")
                }
            }
        }
    }

    /// Ends all of them and waits for the end; no new ones.
    func end() async {
        let active = state.withLock { state in
            state.isEnding = true
            return Array(state.active.values)
        }
        for share in active { share.stop() }
        for share in active { await share.ended.wait() }
    }
}
