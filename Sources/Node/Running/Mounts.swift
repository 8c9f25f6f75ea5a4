import Foundation
import Synchronization

/// The mounts of a node.
final class Mounts: Sendable {
    /// One of them.
    final class Active: Sendable {
        let order: MountOrder
        let mounted: MountedDrive
        let since = Date()
        /// What had gone over the network when it was asked for.
        let bytesBefore: (received: UInt64, sent: UInt64)
        /// Opens when it is unmounted and everything written is durable.
        let ended = Gate()
        private let failure = Mutex<NodeError?>(nil)

        init(_ order: MountOrder, _ mounted: MountedDrive, before: (UInt64, UInt64)) {
            self.order = order
            self.mounted = mounted
            bytesBefore = before
        }

        fileprivate func finish(_ error: NodeError?) {
            failure.withLock { $0 = error }
            ended.open()
        }

        /// Returns once it is unmounted. Throws when something written could not be kept.
        func wait() async throws {
            await ended.wait()
            if let error = failure.withLock({ $0 }) { throw error }
        }
    }

    private struct State: Sendable {
        var active: [String: Active] = [:]
        /// Being made.
        var claimed: Set<String> = []
        var isEnding = false
    }

    private let engine: Engine
    private let events: EventHub
    private let occupancy: Occupancy
    private let record: MountRecord
    private let state = Mutex(State())

    init(engine: Engine, events: EventHub, occupancy: Occupancy) {
        self.engine = engine
        self.events = events
        self.occupancy = occupancy
        record = MountRecord(store: engine.configuration.store)
    }

    /// By mountpoint.
    var all: [Active] {
        state.withLock { $0.active.values.sorted { $0.mounted.mountpoint < $1.mounted.mountpoint } }
    }

    /// Mounts; returns when the folder answers. Cancelled before that, nothing is mounted.
    func mount(_ order: MountOrder) async throws -> Active {
        let reference = order.options.isNetwork ? nil : try DriveReference(order.drive)
        try FileLimit.check(for: order.mountpoint)
        try claim(order.mountpoint)
        occupancy.enter()
        do {
            let before = engine.transferred
            try engine.dial(order.peers)
            let mounted: MountedDrive
            if let reference {
                mounted = try await MountedDrive(
                    reference, at: order.mountpoint, options: order.options, in: engine)
            } else {
                mounted = try await MountedDrive(
                    networkAt: order.mountpoint, options: order.options, in: engine)
            }
            let active = Active(order, mounted, before: before)
            try settle(active)
            return active
        } catch {
            state.withLock { _ = $0.claimed.remove(order.mountpoint) }
            occupancy.leave()
            throw error
        }
    }

    private func claim(_ mountpoint: String) throws(NodeError) {
        let refusal = state.withLock { state -> NodeError? in
            if state.isEnding { return .ending }
            guard state.active.count + state.claimed.count < Limits.mountsMax else {
                return NodeError(
                    .failed, "\(mountpoint): this node has \(Limits.mountsMax) mounts already",
                    hint: "unmount others first, or use another store")
            }
            guard state.claimed.insert(mountpoint).inserted else {
                return NodeError(
                    .mountpointUnusable, "\(mountpoint) is being mounted just now",
                    hint: "choose another folder")
            }
            return nil
        }
        if let refusal { throw refusal }
    }

    private func settle(_ active: Active) throws {
        let mounted = active.mounted
        let isEnding = state.withLock { state in
            if !state.isEnding { state.active[mounted.mountpoint] = active }
            state.claimed.remove(active.order.mountpoint)
            return state.isEnding
        }
        if isEnding || Task.isCancelled {
            mounted.unmount()
            if isEnding { throw NodeError.ending }
        }
        record.write(all.map(\.mounted.mountpoint))
        events.publish(active.event("mounted"))
        Task { await self.follow(active) }
        try Task.checkCancellation()
    }

    private func follow(_ active: Active) async {
        var failure: NodeError?
        do {
            try await active.mounted.wait()
        } catch {
            failure = NodeError(error, while: "unmounting \(active.mounted.mountpoint)")
            engine.configuration.logger.error("\(failure?.message ?? "")")
        }
        if !active.mounted.isNetwork { engine.endExchange(active.mounted.drive) }
        state.withLock { $0.active[active.mounted.mountpoint] = nil }
        record.write(all.map(\.mounted.mountpoint))
        events.publish(active.event("unmounted"))
        active.finish(failure)
        occupancy.leave()
    }

    /// The mount at a path, as typed or resolved.
    func find(_ path: String) -> Active? {
        state.withLock { state in
            state.active[path] ?? state.active.values.first { $0.order.mountpoint == path }
        }
    }

    /// Unmounts all of them and waits for the end; no new ones.
    func end() async { await end { _ in true } }

    /// The same for those whose clients are there and will ask again.
    func endAttached() async { await end(\.order.isAttached) }

    private func end(_ isMeant: (Active) -> Bool) async {
        let active = state.withLock { state in
            state.isEnding = true
            return Array(state.active.values)
        }
        await withTaskGroup(of: Void.self) { group in
            for mount in active where isMeant(mount) {
                group.addTask {
                    await mount.unmount()
                    await mount.ended.wait()
                }
            }
        }
    }
}

extension Mounts.Active {
    /// Asks for the end; blocks nobody's thread.
    func unmount() async {
        _ = try? await onThreadOrHere("unmount") { [mounted] in mounted.unmount() }
    }

    /// What `mount` says when it begins, and when it ends.
    func event(_ name: String, traffic: (received: UInt64, sent: UInt64)? = nil) -> JSONValue {
        let drive = mounted.drive
        var members: [JSONValue.Member] = [
            .init(name: "event", value: .string(name)),
            .init(name: "key", value: mounted.isNetwork ? .null : .string(drive.key.hex)),
            .init(name: "mountpoint", value: .string(mounted.mountpoint)),
            .init(name: "version", value: .number(drive.version)),
            .init(name: "writable", value: .bool(mounted.isWritable)),
        ]
        if mounted.isNetwork { members.append(.init(name: "network", value: .bool(true))) }
        if let traffic {
            let received = traffic.received &- bytesBefore.received
            let sent = traffic.sent &- bytesBefore.sent
            members.append(.init(name: "bytesReceived", value: .number(received)))
            members.append(.init(name: "bytesSent", value: .number(sent)))
        }
        return .object(members)
    }

    /// Its line in the list of mounts.
    var json: JSONValue {
        let drive = mounted.drive
        return [
            "mountpoint": .string(mounted.mountpoint),
            "key": mounted.isNetwork ? .null : .string(drive.key.hex),
            "drive": .string(order.drive), "version": .number(drive.version),
            "writable": .bool(mounted.isWritable),
            "since": .string(since.ISO8601Format()), "attached": .bool(order.isAttached),
            "waiting": .number(UInt64(mounted.load.waiting)),
            "waitingFor": mounted.waitingReads,
        ]
    }
}

extension NodeError {
    /// The node takes nothing new any more.
    public static let ending = NodeError(
        .ending, "the node is ending just now", hint: "run the command again")
}
