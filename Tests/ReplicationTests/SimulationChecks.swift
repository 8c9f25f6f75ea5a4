import SwarmSimulation
import Testing

@testable import Replication

extension SimulationWorld {
    /// A world whose contradictions are the test's failures.
    convenience init(seed: UInt64 = 1) { self.init(seed: seed) { Issue.record("\($0)") } }
}

extension SimulationNode {
    var engine: Engine { replicator.engine }
    var peer: PeerState? { engine.peersInOrder.first }
}
