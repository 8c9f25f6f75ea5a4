/// A node as a service of systemd.
extension StoreNode {
    /// Tells how it does, and that it lives, until it is cancelled. A loop that hangs does not
    /// answer, and is not reported alive.
    public func report(to manager: ServiceManager) async throws {
        manager.ready(await summary)
        let pause = min(manager.watchdogInterval ?? Limits.reportInterval, Limits.reportInterval)
        while true {
            try await Task.sleep(for: pause)
            manager.status(await summary)
            if manager.watchdogInterval != nil { manager.alive() }
        }
    }

    /// On one line: mounts, shares, seeds, peers.
    private var summary: String {
        get async {
            let status = await status()
            let counts = ["mounts", "shares", "seeds"].map { name in
                "\(status[name]?.array?.count ?? 0) \(name)"
            }
            return (counts + [status["search"]?.string ?? ""]).joined(separator: ", ")
        }
    }
}
