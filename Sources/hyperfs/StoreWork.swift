import Node

/// Work on the store: done by the node where one runs, else here, with the store's lock for that
/// time.
enum StoreWork {
    static func run<T: Sendable>(
        _ common: CommonOptions, _ configuration: Engine.Configuration? = nil,
        byNode: (ControlClient) async throws -> T, alone: (Engine) async throws -> T
    ) async throws -> T {
        let configuration = try configuration ?? offline(common)
        let attempts = StoreAttempts()
        while true {
            if let client = try await ControlClient.find(store: configuration.store) {
                return try await NodeLogView.during(common) { try await byNode(client) }
            }
            do {
                let engine = try await Engine.start(configuration)
                do {
                    let result = try await alone(engine)
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

    /// The store alone, without a network.
    static func offline(_ common: CommonOptions) throws -> Engine.Configuration {
        var configuration = Engine.Configuration(store: try common.storeFolder)
        configuration.network = nil
        configuration.logger = common.logger
        return configuration
    }

    /// Runs so that a signal stops it in good order, and gives 130 or 143.
    static func interruptible<T: Sendable>(
        _ work: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        let task = Task { try await work() }
        let interruption = Interruption { task.cancel() }
        let result = await task.result
        if interruption.signalNumber != nil { throw interruption }
        return try result.get()
    }
}
