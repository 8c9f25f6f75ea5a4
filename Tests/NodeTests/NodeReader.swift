import Synchronization

@testable import Node

/// A reader whose node is in the test's process, started when the reader asks for one.
final class NodeReader: Sendable {
    let reader: DriveReader
    private let host: Host

    init(_ reference: DriveReference, _ configuration: Engine.Configuration) {
        let host = Host(configuration)
        self.host = host
        reader = DriveReader(reference, configuration) { try await host.client() }
    }

    /// Ends the reader, then its node.
    func close() async {
        await reader.close()
        await host.close()
    }

    private actor Host {
        private let configuration: Engine.Configuration
        private var node: StoreNode?

        init(_ configuration: Engine.Configuration) { self.configuration = configuration }

        func client() async throws -> ControlClient {
            if node == nil {
                var configuration = StoreNode.Configuration(self.configuration)
                configuration.linger = nil
                node = try await StoreNode.start(configuration)
            }
            return try ControlClient(store: configuration.store)
        }

        func close() async {
            node?.end()
            await node?.run()
            node = nil
        }
    }
}
