import Node

/// A command about the local copies of drives.
protocol KeepingCommand: Sendable {
    var common: CommonOptions { get }
}

extension KeepingCommand {
    /// Runs with the store open. A signal stops it in good order and gives 130 or 143.
    func keeping(
        _ reference: DriveReference, _ configuration: Engine.Configuration,
        _ work: @escaping @Sendable (Engine, Pin, Console) async throws -> Void
    ) async throws {
        let key = try reference.key(store: configuration.store)
        let pin = Pin(key, version: reference.version, path: reference.path)
        let console = common.console()
        let engine = try await Engine.start(configuration)
        let task = Task { try await work(engine, pin, console) }
        let interruption = Interruption { task.cancel() }
        let result = await task.result
        await engine.close()
        if interruption.signalNumber != nil { throw interruption }
        try result.get()
    }

    /// The store alone.
    var offline: Engine.Configuration {
        get throws {
            var configuration = Engine.Configuration(store: try common.storeFolder)
            configuration.network = nil
            configuration.logger = common.logger
            return configuration
        }
    }
}
