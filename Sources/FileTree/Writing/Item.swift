import Glibc
import Hypercore
import Hyperdrive
import Synchronization

/// A file, folder or link of an own drive as it is now: what the drive has of it, and what was
/// changed since. All handles and names of it share one item.
///
/// Locks: `layers` is held while bytes are written to the staging file, `facts` never for long;
/// they are taken in this order.
final class Item: Sendable {
    /// What `stat` shows, and what is known beside it.
    struct Facts: Sendable {
        /// With the size of now. Where the bytes are is that of the last commit.
        var stat: Stat
        /// Moves with every change, of bytes or of the description.
        var change: UInt64 = 0
        /// Moves with every change that is not one of staged bytes.
        var description: UInt64 = 0
        /// The entry that the drive has, if we put it there.
        var entry: Entry?
        /// Handles that may write.
        var writers = 0
        /// Who asks for the bytes to be committed.
        var want = Want.nobody
        /// The drive has never had it.
        var isNew: Bool
        /// Some of its bytes are in no drive.
        var isStaged = false
        /// When its bytes were committed last.
        var committed: ContinuousClock.Instant?
    }

    /// What an entry in the drive says beside where the bytes are.
    struct Entry: Sendable, Equatable {
        let place: Place
        let description: UInt64
    }

    /// Who asks for a file's bytes to be committed while somebody may write to it still.
    enum Want: Comparable, Sendable {
        case nobody
        /// One of its users has closed it.
        case closed
        /// Somebody waits for it.
        case synced
    }

    let facts: Mutex<Facts>
    private let layers: Mutex<Layers>

    init(_ stat: Stat, of drive: Drive, isNew: Bool) {
        facts = Mutex(Facts(stat: stat, isNew: isNew))
        layers = Mutex(Layers(Layers.Base(stat, of: drive)))
    }

    var stat: Stat { facts.withLock { $0.stat } }

    /// Changes the description; its time of change is now.
    func describe(_ body: (inout Stat) -> Void) {
        facts.withLock { facts in
            body(&facts.stat)
            facts.stat.ctime = WallClock.milliseconds
            facts.change += 1
            facts.description += 1
        }
    }

    /// The drive has another description of the same bytes, and nothing was changed here.
    func follow(_ stat: Stat) {
        facts.withLock { facts in
            guard !facts.isStaged, facts.stat.hasSameContent(as: stat) else { return }
            facts.stat = stat
        }
    }

    // MARK: Bytes

    /// Reads what is there of a range; the count. Nil = committed blocks of it are not here.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int? {
        let now = try layers.withLock { layers in
            if layers.base.stat.blocks > 0 { _ = try layers.map() }
            return layers
        }
        guard offset < now.size, !buffer.isEmpty else { return 0 }
        let end = offset + min(UInt64(buffer.count), now.size - offset)
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(end - offset)])
        return try now.read(offset..<end, into: target) ? target.count : nil
    }

    /// The map of the committed bytes.
    func map() throws -> ContentMap { try layers.withLock { try $0.map() } }

    /// Whether there is a stage to write to. Otherwise `openStage`, once the overlay has the item.
    func openStage(in area: StagingArea) throws(PosixError) {
        try layers.withLock { layers throws(PosixError) in
            try layers.open(in: area)
            facts.withLock { $0.isStaged = true }
        }
    }

    /// Changes bytes. False: there is no stage.
    func change(_ body: (inout Stage) throws(PosixError) -> Void) throws(PosixError) -> Bool {
        try layers.withLock { layers throws(PosixError) in
            guard layers.isOpen else { return false }
            defer { note(layers.size) }
            try layers.change(body)
            do {
                try layers.consolidateIfScattered()
            } catch {
                throw PosixError(error)
            }
            return true
        }
    }

    private func note(_ size: UInt64) {
        let now = WallClock.milliseconds
        facts.withLock { facts in
            facts.stat.size = size
            facts.stat.mtime = now
            facts.stat.ctime = now
            facts.change += 1
        }
    }

    /// Takes over the committed bytes of another file. False: this one has bytes, or that one is
    /// not committed.
    func clone(_ source: Item) throws -> Bool {
        let origin = source.layers.withLock { $0 }
        guard origin.stages.isEmpty else { return false }
        return layers.withLock { layers in
            guard layers.size == 0, layers.frozenCount == 0 else { return false }
            var clone = Layers(origin.base)
            swap(&layers, &clone)
            let content = origin.base.stat
            let now = WallClock.milliseconds
            facts.withLock { facts in
                facts.stat.setContent(of: content)
                facts.isStaged = false
                facts.stat.mtime = now
                facts.stat.ctime = now
                facts.change += 1
                facts.description += 1
            }
            return true
        }
    }

    // MARK: Committing

    /// What a commit may take of a file's bytes.
    enum Share {
        case nothing
        /// What was frozen before.
        case frozen
        /// All there is.
        case everything
    }

    /// The bytes that a commit takes; nil when they are those of the drive. `share` decides while
    /// nobody begins or ends to write.
    func freeze(_ share: (Facts) -> Share) throws -> Layers? {
        try layers.withLock { layers in
            let share = facts.withLock { share($0) }
            if share == .nothing { return nil }
            if layers.base.stat.blocks > 0 { _ = try layers.map() }
            let frozen = share == .everything ? layers.freeze() : layers.frozen
            if share == .everything, !frozen.isPart { facts.withLock { $0.want = .nobody } }
            return frozen.stages.isEmpty ? nil : frozen
        }
    }

    /// One more handle that may write.
    func beginWriting() {
        layers.withLock { layers in
            keepClosed(&layers)
            facts.withLock { $0.writers += 1 }
        }
    }

    /// Somebody is about to write: what the last writer closed is a file of its own, and must not
    /// go into the drive with half of what comes now. His handle may be there still: the kernel
    /// tells of its end later.
    func keepClosed() { layers.withLock { keepClosed(&$0) } }

    private func keepClosed(_ layers: inout Layers) {
        let isClosed = facts.withLock { facts -> Bool in
            guard facts.isStaged, facts.want == .closed else { return false }
            facts.want = .nobody
            return true
        }
        if isClosed { _ = layers.freeze() }
    }

    /// Bytes that an earlier commit took and could not finish, or that were closed before somebody
    /// else began to write.
    var isFrozen: Bool { layers.withLock { $0.frozenCount > 0 } }

    /// What was frozen as `frozen` is in the drive now, at `content`.
    func settle(_ frozen: Layers, at content: ContentRange, of drive: Drive) {
        layers.withLock { layers in
            let stat = layers.base.stat.with(content)
            layers.settle(Layers.Base(stat, of: drive), count: frozen.stages.count)
            let (size, isStaged) = (layers.size, !layers.stages.isEmpty)
            facts.withLock { facts in
                facts.stat.setContent(of: stat)
                facts.stat.size = size
                facts.isStaged = isStaged
                facts.committed = .now
            }
        }
    }

    /// The description of what the drive has or is getting: with its size, not with that of now.
    func committedStat() -> (stat: Stat, facts: Facts) {
        layers.withLock { layers in
            let base = layers.base.stat
            return facts.withLock { facts in
                var stat = facts.stat
                stat.setContent(of: base)
                return (stat, facts)
            }
        }
    }
}

extension Stat {
    /// Takes over where the bytes are, and how many.
    mutating func setContent(of other: Stat) {
        guard kind == .file else { return }
        size = other.size
        blocks = other.blocks
        offset = other.offset
        byteOffset = other.byteOffset
    }
}

/// The time of day, in the unit of the drives.
enum WallClock {
    /// Milliseconds since 1970, never 0: old readers take that for "now".
    static var milliseconds: UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return max(1, UInt64(clamping: now.tv_sec) * 1000 + UInt64(now.tv_nsec) / 1_000_000)
    }
}
