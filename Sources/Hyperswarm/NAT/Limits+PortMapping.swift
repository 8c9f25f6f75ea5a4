import NIOCore

extension Limits {
    /// Bounds of asking the router for a port.
    enum PortMapping {
        // -- docs/spec/nat.md 5, RFC 6886, RFC 6887

        /// Where routers listen.
        static let port: UInt16 = 5351
        /// First wait for an answer; doubled each time.
        static let firstWait: TimeAmount = .milliseconds(250)
        /// Requests before we believe that nobody answers; the RFC's nine take two minutes.
        static let triesMax = 4
        /// Lower ports are none of ours.
        static let lowestPort: UInt16 = 1024

        // -- what we chose

        /// Seconds that we ask for: a router that restarts without a word costs an hour at most.
        static let lifetimeSeconds: UInt32 = 3600
        /// What a router grants is taken as at least and at most this: nobody makes us ask
        /// without a pause, or believe him for ever.
        static let grantedSeconds: ClosedRange<UInt32> = 60...86_400
        /// After a refusal or silence the router is left alone for this long.
        static let pause: TimeAmount = .minutes(15)
        /// Routes are looked at this often: another network has another router.
        static let routeScan: TimeAmount = .seconds(30)
        /// How long routers may take to say by UPnP that they are there.
        static let upnpWait: TimeAmount = .seconds(2)
        /// At our end a router gets this long to take its mappings back by UPnP.
        static let upnpPatience: TimeAmount = .seconds(3)
        /// Addresses of descriptions that are looked at, in bytes: those of a dozen devices.
        static let descriptionsBytes = 4096
        /// Outside ports that are tried by UPnP when others have them.
        static let conflictsMax = 8
        /// Where those are drawn from: what no service is registered for.
        static let drawnPorts: ClosedRange<UInt16> = 49_152...65_535
        /// No answer of either protocol is longer (RFC 6887 section 7).
        static let answerBytesMax = 1100
        /// /proc/net/route is read up to this much.
        static let routesBytesMax = 1 << 20
    }
}
