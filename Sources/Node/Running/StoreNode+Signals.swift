extension StoreNode {
    /// Writes all that `GET /v1/status` tells into the log.
    public func logState() async {
        let state = String(decoding: await status().text, as: UTF8.self)
        configuration.engine.logger.notice("state: \(state)")
    }
}
