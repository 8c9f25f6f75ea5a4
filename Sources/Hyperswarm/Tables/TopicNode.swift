import HyperCrypto
import NIOCore

/// What a source of peers needs of the node of a distributed hash table: `DHTNode` and
/// `MainlineNode` have the same shape and the same events. Confined to one event loop.
protocol TopicNode: AnyObject, SendableMetatype {
    /// What people call the network.
    static var name: String { get }
    /// Between two announcements of a topic, drawn evenly.
    static var period: ClosedRange<TimeAmount> { get }

    func start(now: NIODeadline)
    func receive(_ datagram: UnsafeRawBufferPointer, from source: Endpoint, now: NIODeadline)
    func advance(to now: NIODeadline)
    var nextDeadline: NIODeadline? { get }
    func takeEffects() -> [DHTNode.Effect]

    func lookup(_ topic: Bytes32, as place: TopicPlace) -> DHTTicket?
    func announce(_ topic: Bytes32, at place: TopicPlace) -> DHTTicket?
    /// `nil` also where nothing can be taken back.
    func unannounce(_ topic: Bytes32, at place: TopicPlace) -> DHTTicket?

    func add(entryPoints: [Endpoint], now: NIODeadline)
    func networkChanged(now: NIODeadline)
    func savedNodes() -> [UInt8]
    var nodeCount: Int { get }
    var ownAddress: DHTOwnAddress { get }
    var statistics: DHTNode.Statistics { get }
}

/// Where we can be reached, as far as an announcement tells it.
struct TopicPlace: Hashable, Sendable {
    /// Our port on this machine.
    var port: UInt16
    /// The port that a router leads to ours; `nil`: the one our datagrams seem to come from.
    var mappedPort: UInt16?
    /// Our address in our own network, where there is one.
    var localAddress: Endpoint?
}

extension DHTNode: TopicNode {
    static let name = "DHT"
    static let period = Limits.DHT.announcePeriod

    func lookup(_ topic: Bytes32, as place: TopicPlace) -> DHTTicket? {
        lookup(DHTKey(topic), localAddress: place.localAddress)
    }

    func announce(_ topic: Bytes32, at place: TopicPlace) -> DHTTicket? {
        announce(
            DHTKey(topic), port: place.mappedPort ?? 0, localAddress: place.localAddress)
    }

    func unannounce(_ topic: Bytes32, at place: TopicPlace) -> DHTTicket? {
        unannounce(
            DHTKey(topic), port: place.mappedPort ?? 0, localAddress: place.localAddress)
    }
}

extension MainlineNode: TopicNode {
    static let name = "Mainline"
    static let period = Limits.Mainline.announcePeriod

    func lookup(_ topic: Bytes32, as place: TopicPlace) -> DHTTicket? { lookup(DHTKey(topic)) }

    func announce(_ topic: Bytes32, at place: TopicPlace) -> DHTTicket? {
        announce(DHTKey(topic), port: place.mappedPort ?? place.port)
    }

    /// There is no such message: nodes forget us after 15 to 45 minutes.
    func unannounce(_ topic: Bytes32, at place: TopicPlace) -> DHTTicket? { nil }
}
