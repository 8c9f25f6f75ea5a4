/// The web page.
extension StoreNode {
    /// `POST /v1/web`, with a `port`, the `path` of a drive and `peers`, or without: an address
    /// that lets one browser in; the page is there until the client goes.
    func web(_ request: ControlRequest) throws -> ControlAnswer {
        let port = try request.number("port") ?? 0
        guard port <= UInt64(UInt16.max) else {
            throw ControlRequest.wrong("port", "at most 65535")
        }
        try engine.dial(request.texts("peers"))
        let page = try request.optionalText("path").map { text in
            let reference = try DriveReference(text)
            let version = reference.version.map { "+\($0)" } ?? ""
            return WebSite.address(try engine.key(of: reference).hex + version, reference.path)
        }
        return .lines { stream in
            let server = try await WebServer.start(self, port: Int(port))
            do {
                try await stream.send([
                    "event": "web", "url": .string(server.link(to: page ?? "/")),
                ])
                // A client that goes away ends the sleep.
                while true { try await Task.sleep(for: .seconds(3600)) }
            } catch {
                await server.close()
                throw error
            }
        }
    }
}
