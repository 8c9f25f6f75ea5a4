import Hypercore
import Hyperdrive
import Synchronization

/// A live drive as it is shown, one version at a time, so that answers and invalidations agree:
/// it moves on to the next once every kernel can be told what changed.
///
/// A drive that is only read has one for each place it is shown at. One that can be written has
/// one for all places of the process: what is changed at one of them is there at all of them.
final class Showing: Sendable {
    /// The drive as it was opened: live, or a fixed version.
    let drive: Drive

    /// Where it is shown.
    struct Site: Sendable {
        let tree: Tree
        let volume: Volume
    }

    private struct WeakSite: Sendable {
        weak var tree: Tree?
        weak var volume: Volume?
    }

    private struct State: Sendable {
        var view: Drive?
        var version: UInt64 = 0
        var isFollowing = false
        var isCommitting = false
        var sites: [WeakSite] = []
        var observation: Feed.Observation?
    }

    private let state: Mutex<State>

    init(_ drive: Drive) {
        self.drive = drive
        var state = State()
        if let version = drive.checkoutVersion {
            state.view = drive
            state.version = version
        }
        self.state = Mutex(state)
    }

    deinit { state.withLock { $0.observation }.map(drive.metadata.stopObserving) }

    // MARK: Where

    /// Shows it at one more place. Before anything of it is shown there.
    func add(_ volume: Volume, of tree: Tree) {
        state.withLock { state in
            state.sites.removeAll { $0.tree == nil || $0.volume == nil }
            state.sites.append(WeakSite(tree: tree, volume: volume))
        }
    }

    /// A tree is gone.
    func remove(_ tree: Tree) {
        state.withLock { $0.sites.removeAll { $0.tree == nil || $0.tree === tree } }
    }

    /// Where it is shown now.
    var sites: [Site] {
        state.withLock { state in
            state.sites.compactMap { site in
                guard let tree = site.tree, let volume = site.volume else { return nil }
                return Site(tree: tree, volume: volume)
            }
        }
    }

    /// Where else it is shown; mostly nowhere.
    func sites(besides volume: Volume) -> [Site] {
        let isAlone = state.withLock { $0.sites.count < 2 }
        return isAlone ? [] : sites.filter { $0.volume !== volume }
    }

    // MARK: Which version

    /// The drive at the version that is shown now.
    ///
    /// As long as nothing at all is known it is the live drive, whose look-ups say what they miss;
    /// the first known version is taken at once, since the kernel cannot know another.
    func view() throws -> Drive {
        try state.withLock { state in
            if let view = state.view { return view }
            // Read under the lock: `endFollowing` sees either no version, or this one.
            let version = drive.version
            guard version > 0 else { return drive }
            let view = try drive.checkout(version)
            state.view = view
            state.version = version
            return view
        }
    }

    /// The version that is shown, 0 while none is known.
    var version: UInt64 { state.withLock { $0.version } }

    /// Moves on. Only within the gate's `changing`.
    func show(_ view: Drive, version: UInt64) {
        state.withLock { state in
            state.view = view
            state.version = version
        }
    }

    /// While it is set the feed grows by our own commit, which tells whom it concerns.
    var isCommitting: Bool {
        get { state.withLock { $0.isCommitting } }
        set { state.withLock { $0.isCommitting = newValue } }
    }

    /// Calls `grew` from any thread whenever the feed of a live drive grows; the first call counts.
    func observe(_ grew: @escaping @Sendable () -> Void) {
        guard drive.checkoutVersion == nil else { return }
        state.withLock { state in
            guard state.observation == nil else { return }
            state.observation = drive.metadata.observe { event in
                if case .grew = event { grew() }
            }
        }
    }

    /// True for the one caller that may follow now.
    func beginFollowing() -> Bool {
        state.withLock { state in
            defer { state.isFollowing = true }
            return !state.isFollowing
        }
    }

    /// Ends following, unless the feed is longer than what is shown by now.
    func endFollowing() -> Bool {
        let latest = drive.version
        return state.withLock { state in
            guard state.version == latest || state.version == 0 else { return false }
            state.isFollowing = false
            return true
        }
    }
}
