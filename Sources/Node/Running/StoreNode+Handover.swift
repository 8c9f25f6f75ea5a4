import Glibc
import Synchronization

/// Giving way to another program, and taking its place (`hyperfs node --replace`).
extension StoreNode {
    /// What became of the mounts that a predecessor left.
    struct Takeover: Sendable {
        /// Its version.
        var version: String
        /// Mounts that are back.
        var mounts = 0
        /// Why others are not.
        var failures: [String] = []
        /// How long they were away; nil: not all are back yet.
        var milliseconds: UInt64?

        var json: JSONValue {
            [
                "from": .string(version), "mounts": .number(UInt64(mounts)),
                "failures": .array(failures.map { .string($0) }),
                "milliseconds": milliseconds.map { .number($0) } ?? .null,
            ]
        }
    }

    /// `POST /v1/node/replace`: ends in good order, and this process becomes the `program`, which
    /// mounts again what is mounted now.
    func replace(_ request: ControlRequest) throws -> ControlAnswer {
        let program = try request.text("program")
        guard program.hasPrefix("/"), access(program, X_OK) == 0 else {
            throw ControlRequest.wrong("program", "must be the path of a program")
        }
        let count = UInt64(mounts.all.count)
        return .lines { stream in
            try await stream.send(["event": "replacing", "mounts": .number(count)])
            self.end(for: program)
        }
    }

    /// Leaves word of the mounts that nobody will ask for again.
    func leaveMounts() {
        let orders = mounts.all.filter { !$0.order.isAttached }.map(\.order.json)
        let left = Handover(version: Product.version, since: Handover.now, mounts: orders)
        do {
            try left.leave(in: configuration.engine.store)
        } catch {
            configuration.engine.logger.error("mounts are not made again: \(error.message)")
        }
    }

    /// Mounts what a predecessor has left. The node stays meanwhile.
    func takeOver() {
        guard let left = Handover.take(from: configuration.engine.store) else { return }
        takeover.withLock { $0 = Takeover(version: left.version) }
        occupancy.enter()
        Task {
            await mountAgain(left)
            let away = Handover.now &- min(left.since, Handover.now)
            takeover.withLock { $0?.milliseconds = away / 1_000_000 }
            occupancy.leave()
        }
    }

    private func mountAgain(_ left: Handover) async {
        let orders = left.mounts.compactMap { body -> MountOrder? in
            guard let target = try? ControlTarget("/v1/mounts") else { return nil }
            return try? MountOrder(
                ControlRequest(method: .post, target: target, parameters: [:], body: body))
        }
        // What is mounted inside of another mount comes after it.
        let byDepth = Dictionary(grouping: orders) { $0.mountpoint.split(separator: "/").count }
        for depth in byDepth.keys.sorted() {
            await withTaskGroup(of: Void.self) { group in
                for order in byDepth[depth] ?? [] {
                    group.addTask { await self.mountAgain(order) }
                }
            }
        }
    }

    private func mountAgain(_ order: MountOrder) async {
        var order = order
        // Somebody may have written below while nothing was mounted.
        if !order.options.extra.contains("nonempty") { order.options.extra.append("nonempty") }
        do {
            _ = try await mounts.mount(order)
            takeover.withLock { $0?.mounts += 1 }
        } catch {
            let error = NodeError(error, while: "mounting \(order.mountpoint) again")
            configuration.engine.logger.error("\(error.message); \(error.hint)")
            takeover.withLock { $0?.failures.append("\(order.mountpoint): \(error.message)") }
        }
    }
}
