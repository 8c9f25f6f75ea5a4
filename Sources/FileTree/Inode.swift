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
        /// A path of a drive. Its children live in `home`, its own entry is read from `origin`:
        /// they differ for the root of a nested drive only.
        case entry(home: Location, origin: Location)
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
    /// That of the folder it is in.
    let parentNumber: UInt64
    let role: Role
    /// Where it is found: within the drive, and for a nested root also in the drive around it.
    let places: Set<Place>
    let state = Mutex(State())

    struct State: Sendable {
        /// What the shown version says; nil = to be looked up again.
        var stat: Stat?
        /// Its place belongs to another node by now.
        var isDetached = false
        /// Handles that keep it alive when it is detached.
        var openCount = 0
        /// Moves with every change of the folder's list.
        var listingChange: UInt64 = 0
        /// The change at which the kernel began to keep the list; nil = it keeps none.
        var listingTold: UInt64?
        /// The kernel believes attributes that fetching will change.
        var partialTold = false
    }

    init(id: UInt64, number: UInt64, parentNumber: UInt64, role: Role, places: Set<Place>) {
        self.id = id
        self.number = number
        self.parentNumber = parentNumber
        self.role = role
        self.places = places
    }

    /// The drive it lives in; nil for what no drive holds.
    var home: Location? { if case .entry(let home, _) = role { home } else { nil } }

    /// Where its entry is read; nil for what no drive holds.
    var origin: Location? { if case .entry(_, let origin) = role { origin } else { nil } }

    var stat: Stat? { state.withLock { $0.stat } }
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

    /// Content blocks of a file.
    var contentBlocks: Range<UInt64> {
        let (end, overflow) = offset.addingReportingOverflow(blocks)
        return overflow ? offset..<offset : offset..<end
    }
}
