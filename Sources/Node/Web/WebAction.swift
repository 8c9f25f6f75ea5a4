/// What a button does, as a request to the node's own routes.
enum WebAction: String {
    case unmount, unshare, seed, unseed, pin, unpin, evict

    /// The request's method, path and members.
    private func request(
        _ target: String, in node: StoreNode
    ) throws -> (method: ControlMethod, path: String, body: JSONValue) {
        switch self {
        case .unmount: return (.delete, "/v1/mounts", ["mountpoint": .string(target)])
        case .unshare: return (.delete, "/v1/shares", ["folder": .string(target)])
        case .seed: return (.post, "/v1/seeds", ["drive": .string(target)])
        case .unseed: return (.delete, "/v1/seeds", ["drive": .string(target)])
        case .pin, .unpin, .evict:
            let reference = try DriveReference(target)
            let key = try node.engine.key(of: reference).hex
            return (
                .post, "/v1/drives/\(key)/\(rawValue)",
                [
                    "path": .string(reference.path), "noWait": true,
                    "version": reference.version.map { .number($0) } ?? .null,
                ]
            )
        }
    }

    /// Returns when it is done. Throws NodeError.
    func perform(_ target: String, in node: StoreNode) async throws {
        let (method, path, body) = try request(target, in: node)
        let decoded = try ControlTarget(path)
        guard
            case .route(let route, let parameters) = ControlRouter(routes: StoreNode.routes)
                .match(method, decoded.segments)
        else {
            throw NodeError(
                .usage, "this hyperfs cannot \(rawValue) here", hint: "use the command line")
        }
        let asked = ControlRequest(
            method: method, target: decoded, parameters: parameters, body: body)
        switch try await route.handler(node, asked) {
        case .value: return
        case .lines(let run), .events(let run), .bytes(_, let run):
            try await run(Nowhere())
        }
    }

    /// For answers that nobody reads.
    private struct Nowhere: ControlStream {
        func send(_ value: JSONValue) async throws {}
        func send(_ bytes: [UInt8]) async throws {}
    }
}
