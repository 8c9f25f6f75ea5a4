import HyperCrypto
import Node

/// A command about the local copies of drives.
protocol KeepingCommand: Sendable {
    var common: CommonOptions { get }
}

extension KeepingCommand {
    /// Does something with what was named, by the node where one runs. Returns what came of it.
    func keep(
        _ reference: DriveReference, _ verb: String, _ lines: WorkLines,
        _ configuration: Engine.Configuration? = nil,
        more: KeyValuePairs<String, JSONValue> = [:],
        alone: @escaping @Sendable (Engine, Pin) async throws -> JSONValue
    ) async throws -> JSONValue {
        let key = try reference.key(store: common.storeFolder)
        let pin = Pin(key, version: reference.version, path: reference.path)
        let request = pin.json().without("key").adding(more)
        let result = try await StoreWork.interruptible { [common] in
            try await StoreWork.run(common, configuration) { client in
                try await lines.result(of: client, "/v1/drives/\(key.hex)/\(verb)", request)
            } alone: { engine in
                try await alone(engine, pin)
            }
        }
        lines.finish()
        return result
    }
}
