import Foundation
import Hyperdrive
import Hyperswarm
import TestSupport

@testable import Node

/// Folders and engines for tests with several nodes in one process.
enum TestEngines {
    /// A copy of a reference store, so that nothing touches the original.
    static func store(_ name: String, in folder: TemporaryFolder) throws -> String {
        let copy = folder(name)
        try FileManager.default.copyItem(
            atPath: Fixtures.path("hyperdrive/drives/" + name), toPath: copy)
        return copy
    }

    /// Listens on the loopback, dials these.
    static func configuration(
        _ store: String, peers: [Swarm.Address] = []
    ) -> Engine.Configuration {
        var configuration = Engine.Configuration(store: store)
        var network = Swarm.Configuration()
        network.listen = [Swarm.Address(host: "127.0.0.1", port: 0)]
        network.peers = peers
        // Whom a test does not name it shall not meet.
        network.mdns = false
        configuration.network = network
        return configuration
    }
}
