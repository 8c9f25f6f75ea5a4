import NIOHTTP1

/// A request that has come whole, and what leads to its answer.
struct ControlExchange: Sendable {
    let head: HTTPRequestHead
    let body: [UInt8]
    let router: ControlRouter
    /// Who asks for something to be done keeps the node; who only looks does not.
    let occupancy: Occupancy
    let responder: ControlServer.Responder

    func answer(on writer: ControlWriter) async {
        do {
            let target = try ControlTarget(head.uri)
            let method = ControlMethod(rawValue: head.method.rawValue)
            switch router.match(method, target.segments) {
            case .nothing:
                let error = NodeError(
                    .notFound, "there is no \(target.path)", hint: "see docs/control-api.md")
                await writer.finish(error, status: 404)
            case .otherMethods(let methods):
                let list = methods.map(\.rawValue).joined(separator: ", ")
                let error = NodeError(
                    .usage, "\(target.path) does not know \(head.method.rawValue)",
                    hint: "it knows \(list)")
                await writer.finish(error, status: 405, headers: [("Allow", list)])
            case .route(let route, let parameters):
                let request = ControlRequest(
                    method: route.method, target: target, parameters: parameters,
                    body: try parsedBody())
                let isWork = route.method != .get
                if isWork { occupancy.enter() }
                defer { if isWork { occupancy.leave() } }
                await writer.finish(try await responder(request, route))
            }
        } catch {
            await writer.finish(NodeError(error, while: "\(head.method.rawValue) \(head.uri)"))
        }
    }

    private func parsedBody() throws(NodeError) -> JSONValue {
        if body.isEmpty { return .null }
        do {
            return try JSONValue(parsing: body)
        } catch {
            throw NodeError(
                .usage, "the request's body is no JSON: \(error)", hint: "see docs/control-api.md")
        }
    }
}
