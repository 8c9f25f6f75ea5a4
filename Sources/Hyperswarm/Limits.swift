import NIOCore

/// Every bound of this module, with its reason.
enum Limits {
    /// What docs/spec/swarm.md fixes.
    enum Specification {
        /// A dial that takes longer has failed (3.1).
        static let dialTimeout: TimeAmount = .seconds(10)
    }

    /// What we chose.
    enum Own {
        /// Open connections; more are closed at accept. Each may hold a read buffer, a write
        /// buffer up to `writeHighWater` and the state of a session.
        static let connectionsMax = 256
        /// Open connections that came from one address: one host must not take all places.
        static let connectionsPerHostMax = 64
        /// Connections that have come and not shown a key yet, in all and from one address: a
        /// household behind one router may come at once.
        static let strangersMax = 128
        static let strangersPerHostMax = 16
        /// uTP is tried this long after TCP (3.2): where TCP gets through it is not needed.
        static let utpHeadStart: TimeAmount = .milliseconds(150)
        /// A peer that refuses TCP gets this long to answer by uTP.
        static let utpPatience: TimeAmount = .seconds(3)
        /// And this long when a hole is being punched: the helper is asked again after 4.3 s.
        static let punchPatience: TimeAmount = .seconds(8)
        /// Free ports tried until one is free for UDP as well (3).
        static let portAttempts = 4
        /// Connections the kernel holds for us before they are accepted.
        static let backlog: Int32 = 128
        /// One read takes up to this much: a window of several blocks per system call. NIO reuses
        /// the buffer, so it costs once per connection and only what was really touched.
        static let readBytes = 512 << 10
        /// Reads in a row from one connection before the others get their turn.
        static let readsPerTurn: UInt = 4
        /// Sent bytes are gathered until the end of the loop's turn, or until there are this many.
        static let gatherBytes = 256 << 10
        /// Unsent bytes at which a connection calls itself full, and writable again.
        static let writeHighWater = 2 << 20
        static let writeLowWater = 512 << 10
    }
}
