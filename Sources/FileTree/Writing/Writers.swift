import HyperCrypto
import Hyperdrive
import Synchronization

/// The drives that can be written in a process. However often one is mounted, or nested in what is
/// mounted, it has one writer: what is changed at one place is there at all of them at once, and
/// goes into the drive in one order.
public final class Writers: Sendable {
    /// Common to all trees that may show a drive that can be written: a change and what the
    /// kernels are told of it are one step for all of them.
    let gate = Gate()

    private struct Identity: Hashable {
        let store: ObjectIdentifier
        let key: PublicKey

        init(_ drive: Drive) {
            store = ObjectIdentifier(drive.store)
            key = drive.key
        }
    }

    private struct Slot {
        let writer: Writer
        /// Trees that use it.
        var users: Int
    }

    private let slots = Mutex<[Identity: Slot]>([:])

    /// Of no drive yet.
    public init() {}

    /// The writer of an own drive, for one more tree, which leaves it at its end.
    func join(_ drive: Drive, stagingFolder: String) -> Writer {
        let identity = Identity(drive)
        return slots.withLock { slots in
            slots[identity]?.users += 1
            if let slot = slots[identity] { return slot.writer }
            let writer = Writer(drive, area: StagingArea(folder: stagingFolder), gate: gate)
            slots[identity] = Slot(writer: writer, users: 1)
            return writer
        }
    }

    /// Commits everything, and ends a writer that no other tree uses. Throws what the commit threw.
    func leave(_ writer: Writer) throws(PosixError) {
        let identity = Identity(writer.drive)
        let isLast = slots.withLock { slots -> Bool in
            guard let slot = slots[identity], slot.writer === writer else { return false }
            slots[identity]?.users -= 1
            guard slot.users == 1 else { return false }
            slots[identity] = nil
            return true
        }
        if isLast { try writer.close() } else { try writer.commitEverything() }
    }

    /// Brings what was closed at the mounts into the drives, so that somebody who changes one past
    /// them (`Drive.apply`) builds on it; the mounts follow him. Throws what a commit threw.
    public func commit() throws(PosixError) {
        for writer in slots.withLock({ $0.values.map(\.writer) }) { try writer.commit() }
    }
}
