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
            return try adopt()
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

    /// Brings all names and descriptions here, and the length of the content.
    private func fetch() async throws {
        let engine = try await Engine.start(configuration)
        do {
            let drive = try Drive(store: engine.store, key: file.drive)
            engine.look(for: drive)
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
        } catch {
            await engine.close()
            throw error
        }
        await engine.close()
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

    private func adopt() throws -> Outcome {
        let store = try StoreAccess.open(configuration.store, readOnly: false)
        defer { try? store.close() }
        try store.adopt(file.content)
        try store.adopt(file.metadata)
        let drive = try Drive.adopted(in: store, key: file.drive, content: file.content.publicKey)
        var outcome = Outcome(version: drive.version)
        let registry = try Registry(store: configuration.store)
        if let name = file.name, registry.drive(named: name) == nil {
            try registry.remember(name: name, of: file.drive)
        }
        outcome.name = registry.name(of: file.drive)
        return outcome
    }
}
