import HyperCrypto
import Hyperdrive

extension Tree {
    /// What a mount can be told.
    public struct Configuration: Sendable {
        /// How long an operation waits for a block that somebody may have.
        public var timeout: Duration = .seconds(30)
        /// How long it waits while nobody is connected at all.
        public var timeoutWithoutPeers: Duration = .seconds(5)
        /// Largest read-ahead of one sequential reader; 0 switches it off.
        public var readAheadBytesMax: Int = 8 << 20
        /// Entries of one folder that are listed: a hostile drive may have any number.
        public var listedEntriesMax = Drive.listedEntriesMax
        /// Where bytes wait that were written and not committed, on the disk of the drive's
        /// blocks; nil = nothing can be written.
        public var stagingFolder: String?
        /// The root holds no drive but, by their keys, all of them; the tree's drive is a stand-in
        /// that nobody sees.
        public var network: Network?
        /// The folder whose disk holds the blocks; nil = that of the drive's store.
        public var storageFolder: String?
        /// Common to all trees of a process that write to the same store.
        public var writers = Writers()
        /// Whether an own drive that is nested may be written.
        public var mayWrite: @Sendable (PublicKey) -> Bool = { _ in true }
        /// Shows the owners that the drive has, and keeps those of new files; else everything
        /// belongs to whoever mounted.
        public var showsOwners = false
        /// Owner of everything.
        public var uid: UInt32 = 0
        /// Group of everything.
        public var gid: UInt32 = 0
        /// Content of `.hyperfs/status.json`. Made inside an operation of the tree: it must be
        /// quick and not look at a mount.
        public var status: @Sendable () -> [UInt8] = { Array("{}\n".utf8) }
        /// Content of `.hyperfs/peers.json`; the same holds for it.
        public var peers: @Sendable () -> [UInt8] = { Array("[]\n".utf8) }
        /// What could not be followed and why, for the log.
        public var note: @Sendable (String) -> Void = { _ in }
        /// What is wrong with a drive or a disk, for the log; once each.
        public var warn: @Sendable (String) -> Void = { _ in }

        /// The defaults of CLI.md section 2.
        public init() {}
    }
}
