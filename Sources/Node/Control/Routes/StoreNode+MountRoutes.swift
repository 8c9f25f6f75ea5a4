import FuseMount

/// Mounting and unmounting.
extension StoreNode {
    /// `POST /v1/mounts`: lines until the folder answers; of an attached mount, until it ends.
    func mount(_ request: ControlRequest) throws -> ControlAnswer {
        let order = try MountOrder(request)
        return .lines { stream in
            let active = try await self.tellingSearch(stream) {
                try await self.mounts.mount(order)
            }
            do {
                let notes = active.mounted.notes.map { JSONValue.string($0) }
                try await stream.send(active.event("mounted").adding(["notes": .array(notes)]))
            } catch {
                // Who asked went away before he could know: as if he had never asked.
                await active.unmount()
                throw error
            }
            if order.isAttached { try await self.accompany(active, stream) }
        }
    }

    /// Until it is unmounted, or the client goes.
    private func accompany(_ active: Mounts.Active, _ stream: any ControlStream) async throws {
        await withTaskCancellationHandler {
            await active.ended.wait()
        } onCancel: {
            Task { await active.unmount() }
        }
        try await active.wait()
        // Not over: who is attached asks the next one.
        if successor != nil { throw NodeError.ending }
        try await stream.send(active.event("unmounted", traffic: engine.transferred))
    }

    /// Runs `work`, and says now and then how finding peers goes.
    func tellingSearch<T: Sendable>(
        _ stream: any ControlStream, _ work: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        let telling = Task {
            while true {
                try await Task.sleep(for: Limits.searchTick)
                try await stream.send(["event": "search", "text": .string(await engine.search)])
            }
        }
        let working = Task { try await work() }
        return try await withTaskCancellationHandler {
            let result = await working.result
            telling.cancel()
            // The last line it was writing goes first.
            _ = await telling.result
            return try result.get()
        } onCancel: {
            working.cancel()
        }
    }

    /// `DELETE /v1/mounts?mountpoint=PATH&lazy=true`: returns when everything written is durable.
    func unmount(_ request: ControlRequest) async throws -> ControlAnswer {
        let path = try request.text("mountpoint")
        guard let active = mounts.find(path) else {
            throw NodeError(
                .notMounted, "this node has nothing mounted at \(path)",
                hint: "'hyperfs status' lists its mounts")
        }
        if try !request.flag("lazy") {
            // A mount in use is refused, as umount does; ours would take it away under its users.
            try await onThreadOrHere("unmount") { try active.mounted.unmountUnlessInUse() }
        } else {
            await active.unmount()
        }
        try await active.wait()
        return .value(active.event("unmounted", traffic: engine.transferred))
    }
}
