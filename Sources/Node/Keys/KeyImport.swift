import Corestore
import HyperCrypto
import Hypercore
import Hyperdrive

/// Takes the right to write a drive over (docs/keys.md).
///
/// Two histories under one key are the end of a drive, so the secret enters the store only when
/// the newest state that any peer in reach has is here, and at least the one that the key was
/// exported at. Until then nothing is different: the drive stays one that can be read only.
public struct KeyImport: Sendable {
    /// What came of it.
    public struct Outcome: Sendable {
        /// The version that will be written on from.
        public var version: UInt64
        /// The store could write it already.
        public var wasOwn = false
        /// The name that it has here.
        public var name: String?
        /// The store has the drive open, and can write it from its next opening on.
        public var mustReopen = false
    }

    private let file: KeyFile
    private let configuration: Engine.Configuration
    /// Also without anybody who has the drive, from what is here.
    private let isForced: Bool
    private let note: @Sendable (String) -> Void

    /// Nothing happens yet. `note` hears what is done.
    public init(
        _ file: KeyFile, into configuration: Engine.Configuration, isForced: Bool = false,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.file = file
        self.configuration = configuration
        self.isForced = isForced
        self.note = note
    }

    /// Fetches, then adopts. Throws `.notFound` while nobody is in reach who has all of it.
    public func run() async throws -> Outcome {
        if let outcome = try existing() { return outcome }
        do {
            if !isForced { try await fetch() }
            let store = try StoreAccess.open(configuration.store, readOnly: false)
            defer { try? store.close() }
            return try adopt(in: store)
        } catch {
            throw NodeError(error, while: "importing the key of \(file.drive.hex)")
        }
    }

    /// The same by a node that has the store open, and perhaps the drive, too. What is open is
    /// not writable before it is opened the next time: then `mustReopen` says so.
    func run(in engine: Engine) async throws -> Outcome {
        if let outcome = try existing() { return outcome }
        do {
            if !isForced { try await fetch(in: engine) }
            let open = engine.store.openFeeds.map(\.key)
            guard open.contains(file.drive) || open.contains(file.content.publicKey) else {
                return try adopt(in: engine.store)
            }
            let length = try engine.store.feed(key: file.drive).length
            guard length > 0 else {
                throw NodeError(
                    .failed, "drive \(file.drive.hex) is in use and empty",
                    hint: "'hyperfs node --stop', then run it again")
            }
            try engine.store.flush()
            try engine.store.adoptOpen(file.content)
            try engine.store.adoptOpen(file.metadata)
            var outcome = Outcome(version: length)
            outcome.mustReopen = true
            outcome.name = try remember(in: engine.registry)
            return outcome
        } catch {
            throw NodeError(error, while: "importing the key of \(file.drive.hex)")
        }
    }

    private func existing() throws -> Outcome? {
        guard StoreAccess.exists(configuration.store) else { return nil }
        let store = try StoreAccess.open(configuration.store, readOnly: true)
        defer { try? store.close() }
        guard store.owns(file.drive), store.owns(file.content.publicKey) else { return nil }
        let drive = try Drive(store: store, key: file.drive)
        let name = try Registry(store: configuration.store).name(of: file.drive)
        return Outcome(version: drive.version, wasOwn: true, name: name)
    }

    private func fetch() async throws {
        let engine = try await Engine.start(configuration)
        do {
            try await fetch(in: engine)
        } catch {
            await engine.close()
            throw error
        }
        await engine.close()
    }

    /// Brings all names and descriptions here, and the length of the content.
    private func fetch(in engine: Engine) async throws {
        let drive = try Drive(store: engine.store, key: file.drive)
        engine.look(for: drive)
        defer { engine.endLooking(for: drive) }
        engine.follow(drive.metadata)
        note("looking for the newest version of \(file.drive.hex)")
        try await catchUp(drive.metadata, to: file.version, in: engine)
        let all = Demand.Target.blocks(0..<drive.metadata.length)
        try await engine.fetch("fetching the drive", all, of: drive.metadata)
        let content = try await engine.fetching("fetching the drive") { try drive.content() }
        guard content.key == file.content.publicKey else {
            throw NodeError(
                .corrupt, "the key file is not that of the drive's content",
                hint: "export the key again where the drive was made")
        }
        engine.follow(content)
        try await catchUp(content, to: file.blocks, in: engine)
    }

    /// Returns once a feed is as long as any peer in reach says, and has been for a while.
    private func catchUp(_ feed: Feed, to least: UInt64, in engine: Engine) async throws {
        let start = ContinuousClock.now
        var settled: (since: ContinuousClock.Instant, length: UInt64)?
        while true {
            try Task.checkCancellation()
            let now = ContinuousClock.now
            let info = await engine.replicator.info(of: feed)
            let remote = info?.remoteLength ?? 0
            if let info, info.peers > 0, feed.length >= max(remote, least) {
                if settled?.length != feed.length { settled = (now, feed.length) }
                if let settled, now - settled.since >= Limits.updateGrace { return }
            } else {
                settled = nil
                let patience =
                    engine.peers.inReach.isHopeful
                    ? configuration.timeout : configuration.timeoutWithoutPeers
                guard now - start < patience else { throw notCaughtUp(feed.length, info?.peers) }
                if remote > feed.length {
                    // Whatever comes of it is seen in the next round.
                    let news = Demand(.length(atLeast: remote), timeout: Limits.updateGrace)
                    do { try await feed.fetch(news) } catch let error as FeedError {
                        guard [.timedOut, .noPeers].contains(error.code) else { throw error }
                    }
                }
            }
            try await Task.sleep(for: Limits.patienceTick)
        }
    }

    private func notCaughtUp(_ length: UInt64, _ peers: Int?) -> NodeError {
        let advice =
            "run it again while a peer shares the newest version; --force-empty writes on from "
            + "what is here, and destroys the drive for everybody if there is more elsewhere"
        guard let peers, peers > 0 else {
            return NodeError(
                .notFound, "nobody in reach has drive \(file.drive.hex): its key is not used yet",
                hint: advice)
        }
        return NodeError(
            .notFound,
            "the drive was longer when its key was exported than anybody in reach has it now "
                + "(\(length) blocks): its key is not used yet", hint: advice)
    }

    private func adopt(in store: Store) throws -> Outcome {
        try store.adopt(file.content)
        try store.adopt(file.metadata)
        let drive = try Drive.adopted(in: store, key: file.drive, content: file.content.publicKey)
        var outcome = Outcome(version: drive.version)
        outcome.name = try remember(in: Registry(store: configuration.store))
        return outcome
    }

    /// The name that the drive has here from now on.
    private func remember(in registry: Registry) throws -> String? {
        if let name = file.name, registry.drive(named: name) == nil {
            try registry.remember(name: name, of: file.drive)
        }
        return registry.name(of: file.drive)
    }
}
