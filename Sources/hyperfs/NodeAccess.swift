import Node

/// A command's way to the node of its store.
struct NodeAccess {
    let common: CommonOptions
    let network: NetworkOptions
    let console: Console

    /// Has the node do something; when it is just about to end, has the next one do it.
    func onNode<T: Sendable>(
        _ work: @escaping @Sendable (ControlClient) async throws -> T
    ) async throws -> T {
        try await NodeLogView.during(common) { try await persisting(work) }
    }

    private func persisting<T: Sendable>(
        _ work: @escaping @Sendable (ControlClient) async throws -> T
    ) async throws -> T {
        var attempts = StoreAttempts()
        while true {
            let wasLate = attempts.areOver
            do {
                return try await work(node())
            } catch let error as NodeError where error.code == .ending {
                // What went well for long and ends now is another matter.
                if !wasLate, attempts.areOver { attempts = StoreAttempts() }
                try await attempts.again(after: error)
            } catch is ControlClient.Nobody {
                try await attempts.again(after: .ending)
            }
        }
    }

    /// The node, started if need be, and told of the peers that the command names.
    func node() async throws -> ControlClient {
        let launcher = try launcher()
        var found = try await launcher.findOrStart()
        let wanted = try network.configuration(common).networkSummary
        if !found.isNew, found.identity["network"] != wanted {
            if found.identity["idle"]?.bool == true, await isGone(found.client) {
                // It had nothing to do: one that fits is better.
                found = try await launcher.findOrStart()
            } else {
                let kept = network.conflicts(with: found.identity["network"] ?? .null)
                if !kept.isEmpty {
                    console.note(
                        "hyperfs: a node runs on this store already; no effect: "
                            + kept.joined(separator: ", "))
                }
            }
        }
        found.notes.forEach { console.note("hyperfs: \(Printable.text($0))") }
        warnOfVersion(found.identity)
        return found.client
    }

    /// The node that has shares or seeds, or would take them up again. Throws `.notMounted` when
    /// there is nothing of the kind, and starts no node to find that out.
    func keeper(of kind: StoreNode.Resumed) async throws -> ControlClient {
        if let client = try await running() { return client }
        guard StoreNode.resumes(kind, in: try common.storeFolder) else {
            throw NodeError(
                .notMounted, "nothing is \(kind.rawValue) from this store",
                hint: "name its store with --store")
        }
        return try await node()
    }

    /// The node that runs; nil: none does.
    func running() async throws -> ControlClient? {
        guard let found = try await launcher().find() else { return nil }
        warnOfVersion(found.identity)
        return found.client
    }

    /// The node that runs and has something to do; one that has not is ended.
    func busyNode() async throws -> ControlClient? {
        guard let found = try await launcher().find() else { return nil }
        if found.identity["idle"]?.bool == true, await isGone(found.client) { return nil }
        return found.client
    }

    func launcher() throws -> NodeLauncher {
        let store = try common.storeFolder
        return NodeLauncher(
            store: store,
            arguments: ["node", "--background", "--store", store]
                + ["--log-format", common.logFormat.rawValue] + network.arguments,
            logFile: NodeLog.path() ?? nil)
    }

    /// Asks an idle node to end. False: it has got something to do meanwhile.
    private func isGone(_ client: ControlClient) async -> Bool {
        do {
            try await client.request(.post, "/v1/node/stop", ["ifIdle": true])
            return true
        } catch is ControlClient.Nobody {
            return true
        } catch {
            return false
        }
    }

    private func warnOfVersion(_ identity: JSONValue) {
        guard let version = identity["version"]?.string, version != Product.version else { return }
        console.note(
            "hyperfs: the node that runs is version \(Printable.text(version)), this is "
                + "\(Product.version); 'hyperfs node --replace' puts this one in its place")
    }
}
