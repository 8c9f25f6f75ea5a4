import HyperCrypto
import Hypercore
import Synchronization

/// All connections and feeds of one node: who is asked for which block, who is served when
/// (DESIGN.md section 3).
///
/// Pure: bytes and time go in, bytes and the next wake-up come out. All of it happens on one
/// executor (an event loop, or a simulator's queue); what other threads call is posted there.
/// It is the `FeedNetwork` of the feeds that have joined.
public final class Replicator: Sendable {
    /// Finds feeds that a peer opens. Called on the executor.
    public protocol Directory: AnyObject, Sendable {
        /// A feed that is here (loaded or on disk) and may be served.
        func feed(discoveryKey: DiscoveryKey) -> Feed?
        /// Feeds whose channel a serving node opens by itself once the capability of this one has
        /// been proven (a drive's content).
        func companions(of feed: Feed) -> [Feed]
    }

    /// Where the bytes go. Called on the executor.
    public protocol Output: AnyObject, Sendable {
        /// Bytes for a peer's transport, in order.
        func send(_ bytes: [UInt8], to peer: PeerID)
        /// The connection is to be closed: nil = orderly, else the reason for the log.
        func close(_ peer: PeerID, reason: (any Error)?)
        /// Call tick at this time (replaces the last).
        func wake(at deadline: ContinuousClock.Instant)
        /// The handshake told who the peer is. Returns whether to open feeds on this connection;
        /// if not, it only answers what the peer opens, until `use`.
        func isWanted(_ peer: PeerID, remoteKey: Bytes32) -> Bool
    }

    /// Runs work on the engine's thread, in order.
    public protocol Executor: AnyObject, Sendable {
        /// Runs work on the executor's thread, after what was given before.
        func execute(_ work: @escaping @Sendable () -> Void)
        /// The present time; may be asked from any thread.
        var now: ContinuousClock.Instant { get }
    }

    let engine: Engine

    /// A node without connections and feeds.
    public init(
        configuration: Session.Configuration, directory: any Directory, output: any Output,
        executor: any Executor, random: some RandomSource
    ) {
        engine = Engine(
            configuration: configuration, directory: directory, output: output,
            executor: executor, random: random)
    }

    // MARK: On the executor

    /// A transport is connected. What there is to send follows behind this call.
    public func connected(initiator: Bool) -> PeerID { engine.connected(initiator: initiator) }

    /// Bytes have come. They are copied as far as they are kept.
    public func received(_ bytes: UnsafeRawBufferPointer, from peer: PeerID) {
        engine.turn { engine.received(bytes, from: peer) }
    }

    /// The transport is gone. Also right after `Output.close`, where it does nothing.
    public func disconnected(_ peer: PeerID) {
        engine.turn { engine.disconnected(peer) }
    }

    /// The transport took everything (or is full): backpressure.
    public func writable(_ peer: PeerID, _ isWritable: Bool) {
        engine.turn { engine.writable(peer, isWritable) }
    }

    /// A connection that was not wanted is to be used now.
    public func use(_ peer: PeerID) {
        engine.turn { engine.use(peer) }
    }

    /// The time of `Output.wake` has come.
    public func tick() {
        engine.turn { engine.tick() }
    }

    // MARK: From any thread

    /// Replicates this feed with every peer that proves its key: we open it on all connections.
    /// Not so a writable feed, and one that was looked up for a peer: as long as nobody here reads
    /// it, it waits to be asked for, and reveals nothing (docs/spec/corestore.md section 6).
    public func join(_ feed: Feed) { join(feed, following: false) }

    /// Keeps the length up to date and, for small feeds, everything (DESIGN.md section 3).
    public func follow(_ feed: Feed) { join(feed, following: true) }

    /// Asks every peer whether somebody else has written to a feed of ours. It is opened on all
    /// connections; when there is another or a longer history, the feed is not written any more
    /// (`Feed.refusal`).
    public func audit(_ feed: Feed) {
        feed.network = self
        engine.executor.execute { [engine] in engine.turn { engine.audit(feed) } }
    }

    private func join(_ feed: Feed, following: Bool) {
        feed.network = self
        engine.executor.execute { [engine] in
            engine.turn { engine.join(feed, following: following, toRead: following) }
        }
    }

    /// Closes the feed on all connections; who waits for it gets `.closed`.
    public func leave(_ feed: Feed) {
        feed.network = nil
        engine.executor.execute { [engine] in engine.turn { engine.leave(feed) } }
    }

    /// Takes `follow` and `audit` back: it is closed on all connections, unless somebody waits for
    /// blocks of it. Who asks for some later joins it again, and peers who ask are served.
    public func release(_ feed: Feed) {
        engine.executor.execute { [engine] in engine.turn { engine.release(feed) } }
    }

    /// A feed may be served from now on: opened with those peers that asked for it in vain before,
    /// and with nobody else.
    public func available(_ feed: Feed) {
        feed.network = self
        engine.executor.execute { [engine] in
            engine.turn { engine.available(engine.replication(of: feed)) }
        }
    }

    /// Ends all connections and demands.
    public func close() {
        engine.executor.execute { [engine] in engine.turn { engine.close() } }
    }
}

extension Replicator.Output {
    /// Every connection is used.
    public func isWanted(_ peer: PeerID, remoteKey: Bytes32) -> Bool { true }
}

extension Replicator: FeedNetwork {
    /// Asks peers until the target is met (`FeedNetwork`). The feed joins, if it has not.
    public func demand(
        _ demand: Demand, of feed: Feed,
        completion: @escaping @Sendable (Result<Void, FeedError>) -> Void
    ) -> DemandID {
        let id = engine.freshDemandID()
        engine.executor.execute { [engine] in
            engine.turn { engine.demand(demand, of: feed, id: id, completion: completion) }
        }
        return id
    }

    /// Withdraws a demand. What was asked already still comes, and is stored.
    public func withdraw(_ id: DemandID) {
        engine.executor.execute { [engine] in engine.turn { engine.withdraw(id) } }
    }

    /// Sends an extension message to every peer that has the feed open and reads.
    public func broadcast(_ payload: [UInt8], extension name: String, of feed: Feed) {
        engine.executor.execute { [engine] in
            engine.turn { engine.send(payload, extension: name, of: feed, to: nil) }
        }
    }

    /// Sends an extension message to one peer.
    public func send(_ payload: [UInt8], extension name: String, of feed: Feed, to peer: PeerID) {
        engine.executor.execute { [engine] in
            engine.turn { engine.send(payload, extension: name, of: feed, to: peer) }
        }
    }

    /// Peers whose channel for this feed is open on both sides.
    public func peerCount(of feed: Feed) -> Int {
        engine.peerCounts.withLock { $0[feed.discoveryKey] ?? 0 }
    }
}
