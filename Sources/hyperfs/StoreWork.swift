import Node

/// A short change of the store that needs no network: made by the node where one runs, else here,
/// with the store's lock for that moment.
enum StoreWork {
    static func run<T: Sendable>(
        _ common: CommonOptions, byNode: (ControlClient) async throws -> T,
        alone: (Engine) throws -> T
    ) async throws -> T {
        var configuration = Engine.Configuration(store: try common.storeFolder)
        configuration.network = nil
        configuration.logger = common.logger
        let attempts = StoreAttempts()
        while true {
            if let client = try await ControlClient.find(store: configuration.store) {
                return try await byNode(client)
            }
            do {
                let engine = try await Engine.start(configuration)
                do {
                    let result = try alone(engine)
                    await engine.close()
                    return result
                } catch {
                    await engine.close()
                    throw error
                }
            } catch let error as NodeError where error.code == .storeLocked {
                // Another command's moment, a node that begins to listen, or one that ends.
                try await attempts.again(after: error)
            }
        }
    }
}
