import NIOCore

extension Limits {
    /// Bounds of noticing that this machine is somewhere else (docs/spec/nat.md 8, trap 5).
    enum Roaming {
        /// How often the interfaces are looked at, whatever the kernel tells.
        static let scan: TimeAmount = .seconds(5)
        /// After the kernel's word: an address that goes is mostly followed by one that comes.
        static let settleTime: TimeAmount = .milliseconds(200)
        /// Between two pieces of news: an interface that comes and goes without end must not
        /// keep us announcing.
        static let pause: TimeAmount = .seconds(2)
        /// A scan that comes later than this has been slept through, or stopped. Longer than any
        /// turn of a busy loop, shorter than the mappings of the meanest NAT live.
        static let sleepAtLeast: TimeAmount = .seconds(25)
        /// How often it is looked whether anybody is connected.
        static let lonelyScan: TimeAmount = .seconds(5)
        /// Searches that are made out of turn while nobody is: after the first, then after twice
        /// the last up to the second. The queue's own attempts take about a minute.
        static let lonelyPauses: ClosedRange<TimeAmount> = .seconds(20) ... .seconds(160)
        /// After a probe a peer that acknowledges nothing for this long is gone. Long enough for
        /// three losses in a row on the worst of lines.
        static let probeTime: TimeAmount = .seconds(5)
        /// Bytes of the kernel's word that are read at a time; none of them matters.
        static let readBytes = 8192
    }
}
