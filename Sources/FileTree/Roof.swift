import Glibc
import Synchronization

/// The drives that are open under one roof (`Tree.Network`), by the names they were asked for by.
///
/// One that was not used in a while is let go in two steps: the kernel is asked to forget what it
/// can of it, and once nothing of it is known any more it goes. Where somebody stands in one of its
/// folders something stays known, and the drive with it.
final class Roof: Sendable {
    private struct Slot: Sendable {
        let volume: Volume
        var lastUse = ContinuousClock.now
        /// When the kernel was asked to forget it, since the last use.
        var askedAt: ContinuousClock.Instant?
        /// It has shown itself, and is listed.
        var isShown = false

        /// Somebody uses it.
        mutating func touch() {
            lastUse = .now
            askedAt = nil
        }
    }

    private struct State: Sendable {
        var slots: [String: Slot] = [:]
        var nextSweep: ContinuousClock.Instant
        var isCrowded: Bool { slots.count >= Limits.roofDrivesCrowded }
    }

    /// What a sweep finds.
    struct Idle {
        /// Those that were taken out.
        var gone: [Volume] = []
        /// Those that the kernel should forget, by name.
        var unused: [String: Volume] = [:]
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
        let (known, isFull) = state.withLock { state -> (Volume?, Bool) in
            state.slots[name]?.touch()
            return (state.slots[name]?.volume, state.slots.count >= Limits.roofDrives)
        }
        if let known { return known }
        guard !isFull else {
            throw PosixError(ENFILE, "\(Limits.roofDrives) drives are open")
        }
        let new = try make()
        let first = state.withLock { state -> Volume? in
            if let first = state.slots[name]?.volume { return first }
            state.slots[name] = Slot(volume: new)
            return nil
        }
        if let first { return first }
        network.use(new.drive)
        return new
    }

    /// Somebody uses what is below a name.
    func touch(_ name: String) { state.withLock { $0.slots[name]?.touch() } }

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
        let isForgotten = state.withLock { state -> Bool in
            guard let slot = state.slots[name], slot.volume === volume, !slot.isShown else {
                return false
            }
            state.slots[name] = nil
            return true
        }
        if isForgotten { letGo(volume) }
    }

    /// Those that have shown themselves, in order.
    var names: [String] {
        state.withLock { $0.slots.filter(\.value.isShown).keys.sorted() }
    }

    func isSweepDue(_ now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            guard now >= state.nextSweep || state.isCrowded else { return false }
            state.nextSweep = now + .seconds(Limits.roofSweepSeconds)
            return true
        }
    }

    /// Takes out what was not used in a while and the kernel has forgotten (`known`: the names of
    /// which it has not), and tells what it should forget next. When there are many, also of the
    /// longest unused half. What has something open or to be committed (`busy`) stays.
    func sweep(_ now: ContinuousClock.Instant, known: Set<String>, busy: Set<String>) -> Idle {
        state.withLock { state in
            let free = state.slots.filter { name, slot in
                slot.isShown && !slot.volume.hasChanges && !busy.contains(name)
            }.sorted { $0.value.lastUse < $1.value.lastUse }
            let surplus = state.isCrowded ? (free.count + 1) / 2 : 0
            let patience = Duration.seconds(Limits.roofIdleSeconds)
            var idle = Idle()
            for (index, (name, slot)) in free.enumerated() {
                guard index < surplus || now - slot.lastUse >= patience else { break }
                if !known.contains(name) {
                    state.slots[name] = nil
                    idle.gone.append(slot.volume)
                } else if slot.askedAt.map({ now - $0 >= patience }) ?? true {
                    state.slots[name]?.askedAt = now
                    idle.unused[name] = slot.volume
                }
            }
            return idle
        }
    }

    /// The end: lets go of all of them.
    func close() {
        let slots = state.withLock { state in
            defer { state.slots = [:] }
            return state.slots.values
        }
        for slot in slots { letGo(slot.volume) }
    }

    /// It was taken out.
    func letGo(_ volume: Volume) { network.letGo(volume.drive, volume.entered.keys) }
}
