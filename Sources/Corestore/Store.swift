import HyperCrypto
import Hypercore
import Replication

/// CONTRACT SKELETON. Many feeds in one folder under one master key (docs/spec/corestore.md).
public final class Store: Replicator.Directory {
    public let folder: String
    /// Creates the folder (0700) and master_key (0600) when missing. lock: takes `<folder>/lock`... see StoreLock.
    public init(folder: String, readOnly: Bool = false) throws { preconditionFailure() }
    public init(memory random: some RandomSource) { preconditionFailure() }
    public func feed(name: String) throws -> Feed { preconditionFailure() }
    /// Random name (a new writable feed that is remembered).
    public func newFeed() throws -> Feed { preconditionFailure() }
    /// Writable when its folder says so.
    public func feed(key: PublicKey) throws -> Feed { preconditionFailure() }
    public func feed(discoveryKey: DiscoveryKey) -> Feed? { preconditionFailure() }
    public func isStored(_ key: PublicKey) -> Bool { preconditionFailure() }
    public func storedKeys() throws -> [PublicKey] { preconditionFailure() }
    /// A 32-byte secret derived from the master key (section 2): derive(namespace, name).
    public func derive(namespace: String, name: String) -> Bytes32 { preconditionFailure() }
    /// Content feed of a metadata feed, registered by Hyperdrive.
    public func setCompanions(_ feeds: [Feed], of feed: Feed) { preconditionFailure() }
    public func companions(of feed: Feed) -> [Feed] { preconditionFailure() }
    /// Called for every feed when it has been opened (the node joins it to the replicator).
    public func onOpen(_ handler: @escaping @Sendable (Feed) -> Void) { preconditionFailure() }
    public func close() throws { preconditionFailure() }
}
