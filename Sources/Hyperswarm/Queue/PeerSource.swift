import HyperCrypto
import NIOCore

/// Something that finds peers of a topic: the LAN, a DHT. Confined to the swarm's loop; whom it
/// finds it tells the closure that it was made with.
protocol PeerSource: AnyObject {
    /// Begins. `port` is where peers can connect to us; nil when nowhere.
    func start(port: UInt16?)
    /// Looks for peers of a topic, says that we are one, or both. Again replaces what was.
    func join(_ topic: Bytes32, announce: Bool, lookup: Bool)
    /// Stops that, and takes back what was announced where that is possible.
    func leave(_ topic: Bytes32)
    /// We are somewhere else: what was asked and told there is asked and told here, at once.
    func networkChanged()
    /// Whoever was found is out of reach: somebody else, or the same, may be found now.
    func lookAgain()
    /// Ends; the future completes when nothing of it is left.
    func stop() -> EventLoopFuture<Void>
    /// How it goes, for people: "LAN: no answer yet".
    var state: String { get }
    /// Whether it has not been able to say yet if there is anybody.
    var isSearching: Bool { get }
}

extension PeerSource {
    /// Who has nobody to ask in particular never knows that it has asked them all.
    var isSearching: Bool { false }
    /// Who asks every minute anyway need not be told.
    func lookAgain() {}
}
