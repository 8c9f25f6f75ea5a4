import HyperCrypto

/// Shares and seeds.
extension StoreNode {
    /// `POST /v1/shares`: lines until it is ready; of an attached share, until it ends.
    func share(_ request: ControlRequest) throws -> ControlAnswer {
        let order = try ShareOrder(request)
        return .lines { stream in
            // Before it begins, so that nothing is missed.
            let heard = self.events.listen()
            let active = try await self.shares.share(order)
            defer { active.leave() }
            try await stream.send(active.keyEvent)
            let late = active.conflicts(with: order).joined(separator: ", ")
            if !late.isEmpty {
                let text = "the folder is shared already; no effect until that share ends: " + late
                try await stream.send(["event": "note", "text": .string(text)])
            }
            if active.phase == .ready { try await stream.send(active.readyEvent) }
            try await self.tell(of: active, heard, until: order.isDetached, stream)
            if let failure = active.failure { throw failure }
            // Not over: who is attached asks the next one.
            if self.successor != nil, !order.isDetached { throw NodeError.ending }
        }
    }

    /// What happens to a share; until it ends, or is ready.
    private func tell(
        of active: ActiveShare, _ heard: AsyncStream<JSONValue>, until isEnoughWhenReady: Bool,
        _ stream: any ControlStream
    ) async throws {
        var isReady = active.phase == .ready
        if isReady, isEnoughWhenReady { return }
        for await event in heard where event["folder"]?.string == active.folder {
            switch event["event"]?.string {
            case "key": continue
            // Of before we listened.
            case "progress" where isReady: continue
            case "unshared": return
            case "ready":
                // Told already when it was ready before we listened.
                if isReady { continue }
                isReady = true
                try await stream.send(event)
                if isEnoughWhenReady { return }
            default: try await stream.send(event)
            }
        }
    }

    /// `DELETE /v1/shares?folder=PATH` or `?drive=KEY`
    func unshare(_ request: ControlRequest) async throws -> ControlAnswer {
        let folder = try request.optionalText("folder")
        let key = try request.optionalText("drive").map { try engine.key(of: DriveReference($0)) }
        guard folder != nil || key != nil else {
            throw ControlRequest.wrong("folder", "is missing")
        }
        let ended = try await shares.end(folder: folder, key: key)
        return .value(["event": "unshared", "folder": .string(ended)])
    }

    /// `POST /v1/seeds`
    func seed(_ request: ControlRequest) async throws -> ControlAnswer {
        let reference = try DriveReference(try request.text("drive"))
        try engine.dial(try request.texts("peers"))
        let key = try engine.key(of: reference)
        let seeds = seeds
        let seed = try await onThread("seed") { try seeds.seed(key) }
        return .value(
            JSONValue.object([.init(name: "event", value: "seeding")]).joined(with: seed.json))
    }

    /// `DELETE /v1/seeds?drive=KEY`
    func unseed(_ request: ControlRequest) async throws -> ControlAnswer {
        let key = try engine.key(of: DriveReference(try request.text("drive")))
        try seeds.end(key)
        return .value(["event": "unseeded", "key": .string(key.hex)])
    }
}
