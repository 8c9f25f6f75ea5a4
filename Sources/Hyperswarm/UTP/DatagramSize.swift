import NIOCore

/// How large a connection's datagrams are: as large as the path is known to carry.
///
/// A uTP packet is cut once and repeated as it is, so a packet that is too large for a tunnel can
/// never arrive. Therefore nothing is cut larger than the path has proven: it is asked by a packet
/// of the usual size with padding in extension blocks that every receiver skips. If that is lost,
/// the repetition goes without the padding, and nothing but the answer is lost.
struct DatagramSize {
    /// Bytes of a full datagram.
    private(set) var current: Int
    private let ceiling: Int
    private var failures = 0
    private var nextProbe = NIODeadline.uptimeNanoseconds(0)
    private(set) var probing: SequenceNumber?

    init(for remote: Endpoint) {
        current = Limits.UTP.safeDatagramBytes
        switch remote.ip {
        case .v4: ceiling = Limits.UTP.datagramBytes
        case .v6: ceiling = Limits.UTP.safeDatagramBytes
        }
    }

    var payloadBytes: Int { current - UTPHeader.size }

    /// The size to which a new, full packet is padded, where it is time to ask.
    mutating func probe(with packet: SequenceNumber, now: NIODeadline) -> Int? {
        guard current < ceiling, probing == nil, now >= nextProbe else { return nil }
        probing = packet
        return target
    }

    private var target: Int {
        current < Limits.UTP.safeDatagramBytes ? Limits.UTP.safeDatagramBytes : ceiling
    }

    /// The padded packet arrived as it was.
    mutating func arrived(_ packet: SequenceNumber) {
        guard packet == probing else { return }
        current = target
        probing = nil
        failures = 0
    }

    /// The padded packet was lost.
    mutating func lost(_ packet: SequenceNumber, now: NIODeadline) {
        guard packet == probing else { return }
        probing = nil
        failures += 1
        guard failures >= Limits.UTP.sizeProbesMax else { return }
        failures = 0
        nextProbe = now + Limits.UTP.sizeProbeInterval
    }

    /// Full packets vanish altogether: the path may have changed to one that carries less.
    mutating func timedOut(now: NIODeadline) {
        current =
            current > Limits.UTP.safeDatagramBytes
            ? Limits.UTP.safeDatagramBytes : Limits.UTP.smallDatagramBytes
        probing = nil
        nextProbe = now + Limits.UTP.sizeProbeInterval
    }
}
