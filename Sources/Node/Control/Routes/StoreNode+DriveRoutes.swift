/// Drives: what there is, and new ones.
extension StoreNode {
    /// `GET /v1/drives`
    func drives() async throws -> JSONValue {
        let store = configuration.engine.store
        let list = try await onThread("drives") { try StoredDrive.list(in: store) }
        return .array(list.map(\.json))
    }

    /// `POST /v1/drives`, with a `name` or without.
    func create(_ request: ControlRequest) async throws -> ControlAnswer {
        let name = try request.optionalText("name")
        if let name, !DriveReference.isName(name) {
            throw NodeError(
                .usage, "'\(name)' is no name for a drive",
                hint: "letters, digits, '.', '-' and '_', at most 64, and not a key")
        }
        let engine = engine
        let drive = try await onThread("create") { try engine.createDrive(name: name) }
        events.publish(["event": "created", "key": .string(drive.key.hex)])
        return .value([
            "event": "key", "key": .string(drive.key.hex),
            "url": .string("hyper://\(drive.key.hex)"),
            "path": "/", "writable": true,
        ])
    }
}
