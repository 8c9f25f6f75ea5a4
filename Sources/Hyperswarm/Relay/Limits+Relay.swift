import NIOCore

extension Limits {
    /// Bounds of relaying (docs/spec/relay.md).
    enum Relay {
        // -- of the relay

        /// Connections that wait for a caller, in all and of one host.
        static let waits = 4096
        static let waitsPerHost = 64
        /// Pairs that are served, in all and of one host.
        static let pairs = 512
        static let pairsPerHost = 16
        /// Connections whose request has not come yet.
        static let pending = 256
        /// A request must be here after this.
        static let requestTime: TimeAmount = .seconds(10)
        /// One byte goes to those who wait this often: NATs forget a silent connection, and who
        /// is gone is found out.
        static let keepAlive: TimeAmount = .seconds(25)
        /// A pair on which nothing has moved for so long has ended without a word.
        static let idleTime: TimeAmount = .seconds(120)
        /// Bytes a second in each direction of a pair, and at once.
        static let bytesPerSecond = 256 << 10
        static let burstBytes = 512 << 10
        /// Bytes of a pair, both directions together; then it must be asked for anew.
        static let pairBytes: UInt64 = 1 << 30
        /// Bytes read at once from a connection, and unsent ones at which its partner is no longer
        /// read.
        static let readBytes = 64 << 10
        static let writeHighWater = 128 << 10
        static let writeLowWater = 32 << 10

        // -- of those who use one

        /// Relays, and topics for which we wait at each.
        static let relays = 4
        static let topics = 64
        /// A way of our own gets this long before a relay is asked.
        static let directTime: TimeAmount = .seconds(6)
        /// Calls for one topic: after the first, and at most.
        static let callPause: TimeAmount = .seconds(2)
        static let callPauseMax: TimeAmount = .seconds(300)
        /// A relay that cannot be reached is tried again after this.
        static let retryPause: TimeAmount = .seconds(15)
        /// Who waits and hears nothing for so long has lost the relay.
        static let silence: TimeAmount = .seconds(70)
    }
}
