import Hypercore
import Synchronization

/// A network that only writes down what it is asked.
final class Recorder: FeedNetwork {
    private struct State {
        var sent: [[UInt8]] = []
        var demands: [Demand] = []
    }

    private let state = Mutex(State())

    var sent: [[UInt8]] { state.withLock { $0.sent } }
    var demands: [Demand] { state.withLock { $0.demands } }

    /// Blocks of all demands, in order.
    var demandedBlocks: [UInt64] {
        demands.flatMap { demand -> [UInt64] in
            guard case .list(let blocks) = demand.target else { return [] }
            return blocks
        }
    }

    func demand(
        _ demand: Demand, of feed: Feed,
        completion: @escaping @Sendable (Result<Void, FeedError>) -> Void
    ) -> DemandID {
        state.withLock { $0.demands.append(demand) }
        return DemandID(0)
    }

    func withdraw(_ id: DemandID) {}
    func peerCount(of feed: Feed) -> Int { 1 }
    func broadcast(_ payload: [UInt8], extension name: String, of feed: Feed) {}

    func send(_ payload: [UInt8], extension name: String, of feed: Feed, to peer: PeerID) {
        state.withLock { $0.sent.append(payload) }
    }
}
