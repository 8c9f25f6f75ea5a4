/// What a button does, as a request to the node's own routes.
enum WebAction: String {
    case unmount, unshare, seed, unseed, pin, unpin, evict

    private var request: (method: ControlMethod, path: String, name: String) {
        switch self {
        case .unmount: (.delete, "/v1/mounts", "mountpoint")
        case .unshare: (.delete, "/v1/shares", "folder")
        case .seed: (.post, "/v1/seeds", "drive")
        case .unseed: (.delete, "/v1/seeds", "drive")
        case .pin: (.post, "/v1/pins", "path")
        case .unpin: (.delete, "/v1/pins", "path")
        case .evict: (.post, "/v1/evict", "path")
        }
    }

    /// Returns when it is done. Throws NodeError.
    func perform(_ target: String, in node: StoreNode) async throws {
        let (method, path, name) = request
        let query = "?\(name)=\(ControlTarget.encoded(target))"
        let decoded = try ControlTarget(path + query)
        guard
            case .route(let route, let parameters) = ControlRouter(routes: StoreNode.routes)
                .match(method, decoded.segments)
        else {
            throw NodeError(
                .usage, "this hyperfs cannot \(rawValue) here", hint: "use the command line")
        }
        let asked = ControlRequest(
            method: method, target: decoded, parameters: parameters,
            body: .object([JSONValue.Member(name: name, value: .string(target))]))
        switch try await route.handler(node, asked) {
        case .value: return
        case .lines(let body), .events(let body), .bytes(_, let body):
            try await body(Nowhere())
        }
    }

    /// For answers that nobody reads.
    private struct Nowhere: ControlStream {
        func send(_ value: JSONValue) async throws {}
        func send(_ bytes: [UInt8]) async throws {}
    }
}
