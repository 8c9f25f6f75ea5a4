extension StoreNode {
    /// Writes all that `GET /v1/status` tells into the log.
    public func logState() async {
        let state = String(decoding: await status().text, as: UTF8.self)
        configuration.engine.logger.notice("state: \(state)")
    }

    /// Looks at the configuration again. The network is what it was until the next start; what can
    /// change while it runs is changed here.
    public func reload() async {
        configuration.engine.logger.notice("asked to reload: nothing of the configuration changes")
    }
}
