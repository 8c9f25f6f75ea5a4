/// Finds the handler of a request in the table of routes, and runs it.
struct ControlRouter: Sendable {
    let routes: [ControlRoute]

    /// What a request line leads to.
    enum Match: Sendable {
        case route(ControlRoute, [String: String])
        /// The path is there, the method is not; these are.
        case otherMethods([ControlMethod])
        case nothing
    }

    func match(_ method: ControlMethod?, _ segments: [String]) -> Match {
        var others: [ControlMethod] = []
        for route in routes {
            guard let parameters = route.match(segments) else { continue }
            if route.method == method { return .route(route, parameters) }
            others.append(route.method)
        }
        return others.isEmpty ? .nothing : .otherMethods(others)
    }
}
