import NIOCore

extension Limits {
    /// Bounds of finding peers in distributed hash tables.
    enum Tables {
        /// Topics joined; each costs a lookup every few minutes.
        static let topics = 4096
        /// Lookups and announcements under way at a time: many topics take turns.
        static let runs = 4
        /// A search that found nobody is repeated after these, then at the usual pace: who waits
        /// for a peer to come should not wait minutes after it has.
        static let eagerPeriods: [TimeAmount] = [
            .seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(32), .seconds(64),
            .seconds(128), .seconds(256),
        ]
        /// Names of entry points that could not be resolved are tried again after this.
        static let resolvePause: TimeAmount = .seconds(30)
        /// Entry points asked for by name or found on the way; each is one datagram at a start.
        static let entryPoints = 32
        /// At the end, the nodes get this long to hear that we leave.
        static let farewellTime: TimeAmount = .milliseconds(1500)
        /// Topics taken back at the end; the others run out by themselves in 16 minutes.
        static let farewells = 64
        /// Different peers counted for people.
        static let countedPeers = 1024
        /// How often the nodes that hold our records are asked whether they are there: NATs
        /// forget a mapping after 30 s of silence, and with it the way to us (nat.md 4).
        static let keepAlive: TimeAmount = .seconds(25)
        /// Nodes that this is done for, in all.
        static let keptAlive = 20
    }
}
