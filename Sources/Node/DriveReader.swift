import Corestore
import HyperCrypto
import Hypercore
import Hyperdrive

/// One command's way to a drive. What is stored here is read in place, without the store's lock
/// and without changing a byte; what is missing is fetched by the node, and read in place then, or
/// lent by it when the disk has no room.
public actor DriveReader {
    /// Finds the node of the store, started if need be.
    public typealias NodeFinder = @Sendable () async throws -> ControlClient

    private let configuration: Engine.Configuration
    private let reference: DriveReference
    private let findNode: NodeFinder
    private var local: (store: Store, drive: Drive)?
    private var node: ControlClient?
    private var isRefreshed = false
    /// The disk is full: what the node hands over is kept in memory, above files that stay open.
    private var isBorrowing = false

    /// Nothing is opened yet.
    public init(
        _ reference: DriveReference, _ configuration: Engine.Configuration,
        node: @escaping NodeFinder
    ) {
        self.reference = reference
        self.configuration = configuration
        findNode = node
    }

    /// Runs a reading body on the drive: in place when all it needs is here, else again whenever
    /// more of it has come. It may run many times and on different `Drive` objects.
    public func read<T: Sendable>(
        ahead: Range<UInt64>? = nil, _ body: @escaping @Sendable (Drive) throws -> T
    ) async throws -> T {
        var hints: Set<[UInt8]> = []
        var last: (feed: PublicKey, target: Demand.Target)?
        var unknown: Set<PublicKey> = []
        if wantsNews, !isRefreshed { try await refresh() }
        while true {
            do {
                guard let drive = try openLocal() else { throw Unknown() }
                return try body(drive)
            } catch let missing as MissingBlocks {
                guard await canAsk() else { throw whyNotHere(missing.feed.key) }
                let feed = missing.feed.key
                // Fetched and still not there: no peer is to blame, and trying again is of no use.
                if let last, last.feed == feed, last.target == missing.target {
                    throw NodeError(missing, while: subject)
                }
                last = (feed, missing.target)
                try await fetch(missing, ahead: ahead, &hints)
            } catch is Unknown {
                guard !isRefreshed, await canAsk() else { throw whyNotHere(try key()) }
                try await refresh()
            } catch let error as StoreError where error.code == .notFound {
                // A feed that the drive names, and of which nothing was ever stored: that of a
                // nested drive, or a content feed. Its first block makes it known.
                let feed = try error.feed ?? key()
                guard await canAsk(), unknown.count < Limits.unknownFeeds,
                    unknown.insert(feed).inserted
                else { throw whyNotHere(feed) }
                try await ask(
                    "fetch",
                    manners.joined(with: DemandCode.json(.blocks(0..<1)))
                        .adding(["feed": .string(feed.hex)]), for: "the first block of \(feed)")
            } catch {
                throw NodeError(error, while: subject)
            }
        }
    }

    /// Nothing of the drive is here.
    private struct Unknown: Error {}

    /// What comes next is fetched by the node, too.
    public var isRemote: Bool { node != nil }

    /// Peers of the drive that the node is connected to.
    public func connectedPeers() async throws -> Int {
        guard let client = try await findRunning() else { return 0 }
        let query = ControlClient.query(["drive": try key().hex])
        return try await client.request(.get, "/v1/peers" + query).array?.count ?? 0
    }

    private func findRunning() async throws -> ControlClient? {
        if let node { return node }
        return try await ControlClient.find(store: configuration.store)
    }

    /// Copies a path to the local disk: by the node, or here where no peer can be asked anyway.
    /// `each` hears the lines of `POST /v1/drives/{drive}/get`.
    public func copyOut(
        to destination: String, _ each: @escaping @Sendable (JSONValue) -> Void
    ) async throws {
        guard await canAsk() else { return try await copyOutAlone(to: destination, each) }
        let path = "/v1/drives/\(try key().hex)/get"
        var members: JSONValue = [
            "path": .string(reference.path), "to": .string(destination), "peers": peers,
        ]
        if let version = reference.version {
            members = members.adding(["version": .number(version)])
        }
        try await client().stream(.post, path, members) { each($0) }
    }

    private func copyOutAlone(
        to destination: String, _ each: @escaping @Sendable (JSONValue) -> Void
    ) async throws {
        guard StoreAccess.exists(configuration.store) else { throw whyNotHere(try key()) }
        var configuration = configuration
        configuration.hasNobody = configuration.network != nil
        configuration.network = nil
        configuration.isReadOnly = true
        let engine = try await Engine.start(configuration)
        do {
            let key = try key()
            let drive = try Drive(store: engine.store, key: key, version: reference.version)
            let copy = CopyOut(drive, in: engine) { progress in
                each(progress.json("progress"))
            } note: {
                each(["event": "note", "text": .string($0)])
            }
            each(try await copy.run(reference.path, to: destination).json("done"))
            await engine.close()
        } catch {
            await engine.close()
            throw NodeError(error, while: subject)
        }
    }

    /// Ends in good order.
    public func close() async { closeLocal() }

    private func closeLocal() {
        // Read only: nothing can be lost.
        if let local { try? local.store.close() }
        local = nil
    }

    private var subject: String { "reading \(reference)" }

    /// Without an address to dial, without a place to look for one and without a port that others
    /// may know nobody can answer.
    private var mayAskPeers: Bool {
        guard let network = configuration.network else { return false }
        return !network.peers.isEmpty || network.mdns || network.searchesWorld
            || network.listen.contains { $0.port != 0 }
    }

    /// Whether somebody may answer: also one whom the store's node is connected to already.
    private func canAsk() async -> Bool {
        if mayAskPeers { return true }
        guard configuration.network != nil, let client = try? await findRunning() else {
            return false
        }
        let peers = try? await client.request(.get, "/v1/peers").array
        return peers?.isEmpty == false
    }

    /// Who names a peer wants that peer's newest version, not just what lies here.
    private var wantsNews: Bool {
        reference.version == nil && configuration.network?.peers.isEmpty == false
    }

    private func openLocal() throws -> Drive? {
        if let local { return local.drive }
        guard StoreAccess.exists(configuration.store) else {
            _ = try key()
            return nil
        }
        let store = try StoreAccess.open(configuration.store, readOnly: true)
        let key = try key()
        guard store.isStored(key) else {
            try store.close()
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

    private func key() throws -> PublicKey { try reference.key(store: configuration.store) }
}

// MARK: - The node

extension DriveReader {
    private func client() async throws -> ControlClient {
        if let node { return node }
        let found = try await findNode()
        node = found
        if configuration.logger.logLevel <= .info { await sayWhoWorks(found) }
        return found
    }

    /// Who connects from now on is in the node's log.
    private func sayWhoWorks(_ client: ControlClient) async {
        let process = (try? await client.identity())?["pid"]?.number.map { " (process \($0))" }
        let peers = (try? await connectedPeers()) ?? 0
        configuration.logger.info(
            "the node\(process ?? "") fetches what is not here; peers of the drive: \(peers)")
    }

    private var peers: JSONValue {
        .array((configuration.network?.peers ?? []).map { .string($0.description) })
    }

    private var manners: JSONValue {
        [
            "subject": .string(subject), "peers": peers,
            "timeoutMilliseconds": .number(configuration.timeout.milliseconds),
        ]
    }

    /// What is in the files afterwards is more than before: they are opened anew.
    private func ask(_ verb: String, _ body: JSONValue, for what: String) async throws {
        let path = "/v1/drives/\(try key().hex)/\(verb)"
        let client = try await client()
        let logger = configuration.logger
        logger.debug("the node is asked for \(what)")
        let begin = ContinuousClock.now
        var lent: [CarriedBlock] = []
        try await client.stream(
            .post, path, isBorrowing ? body.adding(["lend": true]) : body
        ) { line in
            if let block = CarriedBlock(line) { lent.append(block) }
        }
        let time = (ContinuousClock.now - begin).milliseconds
        logger.debug("the node has \(what) after \(time) ms")
        guard !lent.isEmpty || isBorrowing else { return closeLocal() }
        try borrow(lent)
    }

    private func borrow(_ blocks: [CarriedBlock]) throws {
        if !isBorrowing {
            configuration.logger.notice("the disk of the store is full: reading past it")
            isBorrowing = true
        }
        do {
            guard let drive = try openLocal() else {
                throw NodeError(
                    .failed, "the disk of the store is full, and nothing of the drive is in it yet",
                    hint: "make room on the disk, or choose another with --store")
            }
            for block in blocks { try block.enter(drive.store.feed(key: block.feed)) }
        } catch {
            throw NodeError(error, while: subject)
        }
    }

    private func refresh() async throws {
        isRefreshed = true
        try await ask("refresh", manners, for: "the newest version")
    }

    private func fetch(
        _ missing: MissingBlocks, ahead: Range<UInt64>?, _ hints: inout Set<[UInt8]>
    ) async throws {
        var body = manners.joined(with: DemandCode.json(missing.target))
            .adding(["feed": .string(missing.feed.key.hex)])
        if let hint = missing.hint,
            hints.insert(Array(hint.extension.utf8) + [0] + hint.payload).inserted
        {
            body = body.adding([
                "extension": .string(hint.extension), "payload": .string(hint.payload.hex),
            ])
        }
        if let ahead { body = body.adding(["ahead": DemandCode.json(ahead)]) }
        let wanted = DemandCode.text(missing.target)
        try await ask("fetch", body, for: "\(wanted) of \(missing.feed.key)")
    }

    private func whyNotHere(_ key: PublicKey) -> NodeError {
        let isOff = configuration.network == nil
        let reason = isOff ? "and the network is off" : "and no peer is known"
        return NodeError(
            .notFound, "\(subject): parts of \(key) are not in this store, \(reason)",
            hint: isOff
                ? "run without --offline, with --peer HOST:PORT"
                : "name a peer that shares it with --peer HOST:PORT")
    }
}

extension Limits {
    /// Feeds that one reading may meet of which nothing was known: drives nested in each other,
    /// two feeds each, and some of their siblings.
    static let unknownFeeds = 256
}

extension CopyOut.Progress {
    /// A line of a copy.
    func json(_ event: String) -> JSONValue {
        [
            "event": .string(event), "files": .number(UInt64(files)),
            "filesTotal": .number(UInt64(filesTotal)), "bytes": .number(bytes),
            "bytesTotal": .number(bytesTotal),
        ]
    }
}
