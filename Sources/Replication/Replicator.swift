import HyperCrypto
import Hypercore

/// CONTRACT SKELETON. All connections and feeds of one node. Confined to one executor (an event loop, or the simulator).
public final class Replicator: @unchecked Sendable {
    /// Finds feeds that a peer opens. Called on the executor.
    public protocol Directory: AnyObject, Sendable {
        /// A feed that is here (loaded or on disk) and may be served.
        func feed(discoveryKey: DiscoveryKey) -> Feed?
        /// Feeds whose channel a serving node opens by itself once the capability of this one has been proven (a drive's content).
        func companions(of feed: Feed) -> [Feed]
    }
    /// Where the bytes go. Called on the executor.
    public protocol Output: AnyObject, Sendable {
        func send(_ bytes: [UInt8], to peer: PeerID)
        /// The connection is to be closed: nil = orderly, else the reason for the log.
        func close(_ peer: PeerID, reason: (any Error)?)
        /// Call tick at this time (replaces the last).
        func wake(at deadline: ContinuousClock.Instant)
    }
    /// Runs work on the engine's thread, in order.
    public protocol Executor: AnyObject, Sendable {
        func execute(_ work: @escaping @Sendable () -> Void)
        var now: ContinuousClock.Instant { get }
    }
    public init(configuration: Session.Configuration, directory: any Directory, output: any Output, executor: any Executor, random: some RandomSource) { preconditionFailure() }

    // -- on the executor
    public func connected(initiator: Bool) -> PeerID { preconditionFailure() }
    public func received(_ bytes: UnsafeRawBufferPointer, from peer: PeerID) { preconditionFailure() }
    public func disconnected(_ peer: PeerID) { preconditionFailure() }
    /// The transport took everything (or is full): backpressure.
    public func writable(_ peer: PeerID, _ isWritable: Bool) { preconditionFailure() }
    public func tick() { preconditionFailure() }

    // -- any thread
    /// Replicates this feed with every peer that proves its key: we open it on all connections.
    public func join(_ feed: Feed) { preconditionFailure() }
    public func leave(_ feed: Feed) { preconditionFailure() }
    /// Keeps the length up to date and, for small feeds, everything (DESIGN.md section 3).
    public func follow(_ feed: Feed) { preconditionFailure() }
    public struct PeerInfo: Sendable { public var id: PeerID; public var bytesIn: UInt64; public var bytesOut: UInt64; public var roundTrip: Duration?; public var feeds: Int }
    public func peers() async -> [PeerInfo] { preconditionFailure() }
}
