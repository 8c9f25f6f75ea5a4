import Corestore
import HyperCrypto
import Hypercore
import Hyperdrive

/// One command's way to a drive. What is stored here is read in place, without the store's lock
/// and without changing a byte; only what is missing opens the store for writing and asks peers.
public actor DriveReader {
    private let configuration: Engine.Configuration
    private let reference: DriveReference
    private var local: (store: Store, drive: Drive)?
    private var remote: (engine: Engine, drive: Drive)?

    /// Nothing is opened yet.
    public init(_ reference: DriveReference, _ configuration: Engine.Configuration) {
        self.reference = reference
        self.configuration = configuration
    }

    /// Runs a reading body on the drive: in place when all it needs is here, else again whenever
    /// more of it has come. It may run several times and on different `Drive` objects.
    public func read<T: Sendable>(
        _ body: @escaping @Sendable (Drive) throws -> T
    ) async throws -> T {
        if remote == nil, !wantsNews, let drive = try openLocal() {
            do {
                return try body(drive)
            } catch let missing as MissingBlocks {
                guard mayAskPeers else { throw whyNotHere(missing.feed.key) }
            } catch let error as StoreError where error.code == .notFound {
                // A feed that the drive names, and of which nothing was ever stored.
                guard mayAskPeers else { throw whyNotHere(drive.key) }
            } catch {
                throw NodeError(error, while: subject)
            }
        }
        let (engine, drive) = try await openRemote()
        return try await engine.fetching(subject) { try body(drive) }
    }

    /// The engine, for those who also want to fetch ahead; `nil` when nothing was missing so far.
    public var engine: Engine? { remote?.engine }

    /// Opens the network at once: for copying, which will need it.
    public func connect() async throws -> (Engine, Drive) {
        let opened = try await openRemote()
        return (opened.engine, opened.drive)
    }

    /// Peers connected just now.
    public var connectedPeers: Int { remote?.engine.connectedPeers ?? 0 }

    /// Ends in good order.
    public func close() async {
        if let local { try? local.store.close() }
        local = nil
        await remote?.engine.close()
        remote = nil
    }

    private var subject: String { "reading \(reference)" }

    /// Without an address to dial, without a place to look for one and without a port that others
    /// may know nobody can answer.
    private var mayAskPeers: Bool {
        guard let network = configuration.network else { return false }
        return !network.peers.isEmpty || network.mdns || network.searchesWorld
            || network.listen.contains { $0.port != 0 }
    }

    /// Who names a peer wants that peer's newest version, not just what lies here.
    private var wantsNews: Bool {
        reference.version == nil && configuration.network?.peers.isEmpty == false
    }

    private func openLocal() throws -> Drive? {
        if let local { return local.drive }
        guard StoreAccess.exists(configuration.store) else {
            guard mayAskPeers else { throw try whyNotHere(key(in: nil)) }
            return nil
        }
        let store = try StoreAccess.open(configuration.store, readOnly: true)
        let key = try key(in: Registry(store: configuration.store))
        guard store.isStored(key) else {
            try store.close()
            guard mayAskPeers else { throw whyNotHere(key) }
            return nil
        }
        do {
            let drive = try Drive(store: store, key: key, version: reference.version)
            local = (store, drive)
            return drive
        } catch {
            throw NodeError(error, while: subject)
        }
    }

    private func openRemote() async throws -> (engine: Engine, drive: Drive) {
        if let remote { return remote }
        if let local { try? local.store.close() }
        local = nil
        var configuration = configuration
        if !mayAskPeers {
            // Then the lock would only keep others out.
            configuration.network = nil
            configuration.isReadOnly = true
        }
        let engine = try await Engine.start(configuration)
        do {
            let key = try key(in: engine.registry)
            let drive = try Drive(store: engine.store, key: key, version: reference.version)
            remote = (engine, drive)
            engine.look(for: drive)
            if !drive.isWritable { await engine.refresh(drive) }
            return (engine, drive)
        } catch {
            await engine.close()
            throw NodeError(error, while: subject)
        }
    }

    private func key(in registry: Registry?) throws(NodeError) -> PublicKey {
        try reference.key(in: registry, of: configuration.store)
    }

    private func whyNotHere(_ key: PublicKey) -> NodeError {
        let reason =
            configuration.network == nil ? "and the network is off" : "and no peer is known"
        return NodeError(
            .notFound, "\(subject): parts of \(key) are not in this store, \(reason)",
            hint: "name a peer that shares it with --peer HOST:PORT")
    }
}

extension Engine {
    /// Learns of a newer version when a peer is in reach: waits for its word, but not long. Where
    /// none comes, the version that is here serves: whoever reads was not promised the newest, and
    /// the feed is followed, so that later news are seen all the same.
    public func refresh(_ drive: Drive) async {
        let feed = drive.metadata
        follow(feed)
        guard feed.length > 0, drive.checkoutVersion == nil else { return }
        let start = ContinuousClock.now
        while !Task.isCancelled, ContinuousClock.now - start < Limits.updateGrace,
            peers.inReach.isHopeful
        {
            if let info = await replicator.info(of: feed), info.peers > 0 {
                guard info.remoteLength > feed.length else { return }
                let news = Demand(.length(atLeast: info.remoteLength), timeout: Limits.updateGrace)
                // Too late, or the peer has left: then old news are as good as before.
                do { try await feed.fetch(news) } catch {}
                return
            }
            // Cancelled it throws at once, and the loop ends.
            try? await Task.sleep(for: Limits.patienceTick)
        }
    }
}
