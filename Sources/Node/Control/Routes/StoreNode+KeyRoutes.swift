import HyperCrypto

/// Write keys of drives.
extension StoreNode {
    /// `POST /v1/keys`: takes the right to write a drive over. A drive that is open here becomes
    /// writable by starting this program anew in its own place.
    func importKey(_ request: ControlRequest) throws -> ControlAnswer {
        let file = try KeyFile(try request.text("key"))
        let isForced = try request.flag("forceEmpty")
        try engine.dial(try request.texts("peers"))
        var configuration = engine.configuration
        if let patience = try request.number("timeoutMilliseconds") {
            configuration.timeout = .milliseconds(Int64(clamping: patience))
            configuration.timeoutWithoutPeers = engine.patience(configuration.timeout).withoutPeers
        }
        let (engine, settings) = (engine, configuration)
        return LineQueue.answer { lines in
            let outcome = try await KeyImport(file, into: settings, isForced: isForced) {
                lines.add(["event": "note", "text": .string($0)])
            }.run(in: engine)
            // After the answer: an end waits for it.
            if outcome.mustReopen { self.end(for: "/proc/self/exe") }
            return outcome.json(file.drive)
        }
    }
}

extension KeyImport.Outcome {
    /// What `hyperfs key import --json` says.
    public func json(_ drive: PublicKey) -> JSONValue {
        [
            "event": "imported", "key": .string(drive.hex), "version": .number(version),
            "wasOwn": .bool(wasOwn), "restarts": .bool(mustReopen),
            "name": name.map { .string($0) } ?? .null,
        ]
    }
}
