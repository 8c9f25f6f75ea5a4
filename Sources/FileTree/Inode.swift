import Hypercore
import Hyperdrive
import Synchronization

/// One file or folder that the kernel knows or that is open.
///
/// A node stands for one content: when a file is replaced, its path gets another node, and readers
/// of the old one keep what they opened, as after `rename` over an open file. So the kernel's page
/// cache can never mix two versions.
final class Inode: Sendable {
    /// What it is made of.
    enum Role: Sendable {
        /// A path of a drive.
        case entry
        /// `.hyperfs`
        case controlFolder
        /// `.hyperfs/versions`
        case versionsFolder
        /// A generated file.
        case report(@Sendable () -> [UInt8])
    }

    /// A path of a drive; "/" is its root.
    struct Location: Sendable {
        let volume: Volume
        let path: String
        var place: Place { Place(volume: volume.id, path: path) }
    }

    /// The kernel's name for it, never given twice in a mount; 1 is the root.
    let id: UInt64
    /// The inode number that people see.
    let number: UInt64
    let role: Role
    let state: Mutex<State>

    struct State: Sendable {
        /// The inode number of the folder it is in.
        var parentNumber: UInt64
        /// Where its children live, and where its own entry is read: they differ for the root of a
        /// nested drive only. Nil for what no drive holds.
        var home: Location?
        var origin: Location?
        /// Where it is found when no drive holds it.
        var virtualPlace: Place?
        /// What it is in a drive that can be written, once somebody opened or changed it.
        var item: Item?
        /// What the shown version says; nil = to be looked up again.
        var stat: Stat?
        /// Its place belongs to another node by now.
        var isDetached = false
        /// It was removed here: it has no name any more.
        var isRemoved = false
        /// Handles that keep it alive when it is detached.
        var openCount = 0
        /// Moves with every change of the folder's list.
        var listingChange: UInt64 = 0
        /// The change at which the kernel began to keep the list; nil = it keeps none.
        var listingTold: UInt64?
        /// The kernel believes attributes that fetching will change.
        var partialTold = false
    }

    /// A path of a drive.
    init(
        id: UInt64, number: UInt64, parentNumber: UInt64, home: Location, origin: Location
    ) {
        self.id = id
        self.number = number
        role = .entry
        state = Mutex(State(parentNumber: parentNumber, home: home, origin: origin))
    }

    /// What no drive holds; `home`: an old version's root.
    init(
        id: UInt64, number: UInt64, parentNumber: UInt64, role: Role, at place: Place,
        home: Location? = nil
    ) {
        self.id = id
        self.number = number
        self.role = role
        state = Mutex(
            State(parentNumber: parentNumber, home: home, origin: home, virtualPlace: place))
    }

    /// The drive it lives in; nil for what no drive holds.
    var home: Location? { state.withLock { $0.home } }

    /// Where its entry is read; nil for what no drive holds.
    var origin: Location? { state.withLock { $0.origin } }

    var stat: Stat? { state.withLock { $0.item?.stat ?? $0.stat } }

    var item: Item? { state.withLock { $0.item } }

    /// Where it is found: within the drive, and for a nested root also in the drive around it.
    var places: Set<Place> { state.withLock { $0.places } }
}

extension Inode.State {
    init(
        parentNumber: UInt64, home: Inode.Location?, origin: Inode.Location?,
        virtualPlace: Place? = nil
    ) {
        self.parentNumber = parentNumber
        self.home = home
        self.origin = origin
        self.virtualPlace = virtualPlace
    }

    var places: Set<Place> {
        Set([home?.place, origin?.place, virtualPlace].compactMap { $0 })
    }
}

extension Stat {
    /// Whether the bytes behind two entries are the same, whatever their modes and times.
    func hasSameContent(as other: Stat) -> Bool {
        kind == other.kind && size == other.size && blocks == other.blocks
            && offset == other.offset && byteOffset == other.byteOffset
            && linkname == other.linkname && mount?.key == other.mount?.key
            && mount?.version == other.mount?.version
            && mount?.isHypercore == other.mount?.isHypercore
    }

    /// A folder's position in the content feed means nothing.
    func isSameNode(as other: Stat) -> Bool {
        if kind == .directory, other.kind == .directory, mount == nil, other.mount == nil {
            return true
        }
        return hasSameContent(as: other)
    }
}
