import Glibc
import Synchronization

/// The drives that are open under one roof (`Tree.Network`), by the names they were asked for by.
final class Roof: Sendable {
    private struct Slot: Sendable {
        let volume: Volume
        var lastUse: ContinuousClock.Instant
        /// It has shown itself, and is listed.
        var isShown = false
    }

    private struct State: Sendable {
        var slots: [String: Slot] = [:]
        var nextSweep: ContinuousClock.Instant
    }

    let network: Tree.Network
    private let state: Mutex<State>

    init(_ network: Tree.Network) {
        self.network = network
        state = Mutex(State(nextSweep: .now + .seconds(Limits.roofSweepSeconds)))
    }

    /// The drive of a name, made when it is not open. Throws ENFILE when too many are, and what
    /// `make` throws.
    func volume(_ name: String, make: () throws -> Volume) throws -> Volume {
        let known = state.withLock { state -> (volume: Volume?, isFull: Bool) in
            state.slots[name]?.lastUse = .now
            return (state.slots[name]?.volume, state.slots.count >= Limits.roofDrives)
        }
        if let volume = known.volume { return volume }
        guard !known.isFull else {
            throw PosixError(ENFILE, "\(Limits.roofDrives) drives are open")
        }
        let new = try make()
        return state.withLock { state in
            if let first = state.slots[name]?.volume { return first }
            state.slots[name] = Slot(volume: new, lastUse: .now)
            return new
        }
    }

    /// True when it is listed from now on.
    func show(_ name: String) -> Bool {
        state.withLock { state in
            guard state.slots[name]?.isShown == false else { return false }
            state.slots[name]?.isShown = true
            return true
        }
    }

    /// Nobody has the drive. One that has shown itself stays.
    func forget(_ name: String, _ volume: Volume) {
        state.withLock { state in
            guard let slot = state.slots[name], slot.volume === volume, !slot.isShown else {
                return
            }
            state.slots[name] = nil
        }
    }

    /// Those that have shown themselves, in order.
    var names: [String] {
        state.withLock { $0.slots.filter(\.value.isShown).keys.sorted() }
    }

    func isSweepDue(_ now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            guard now >= state.nextSweep || state.slots.count >= Limits.roofDrives else {
                return false
            }
            state.nextSweep = now + .seconds(Limits.roofSweepSeconds)
            return true
        }
    }

    /// Takes out what was not asked for in a while; when it is full, also the longest unused half.
    func sweep(_ now: ContinuousClock.Instant, inUse: Set<UInt64>) -> [String] {
        state.withLock { state in
            let free = state.slots.filter { !inUse.contains($0.value.volume.id) }
                .sorted { $0.value.lastUse < $1.value.lastUse }
            let isFull = state.slots.count >= Limits.roofDrives
            let surplus = isFull ? (free.count + 1) / 2 : 0
            let idle = free.enumerated().filter { index, slot in
                index < surplus || now - slot.value.lastUse >= .seconds(Limits.roofIdleSeconds)
            }
            let names = idle.map(\.element.key)
            for name in names { state.slots[name] = nil }
            return names
        }
    }
}
