/// One line of the table of routes: a method, a path with `{names}`, and who answers.
public struct ControlRoute: Sendable {
    /// Answers a request, or throws NodeError.
    public typealias Handler =
        @Sendable (_ node: StoreNode, _ request: ControlRequest) async throws -> ControlAnswer

    /// What is done.
    public let method: ControlMethod
    /// As in `/v1/drives/{drive}/entries`.
    public let path: String
    /// One line for docs/openapi.json.
    public let summary: String
    let handler: Handler
    private let pattern: [Part]

    private enum Part: Sendable, Equatable {
        case word(String)
        case parameter(String)
    }

    /// A line of the table.
    public init(
        _ method: ControlMethod, _ path: String, _ summary: String, _ handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.summary = summary
        self.handler = handler
        pattern = path.split(separator: "/").map { part in
            part.hasPrefix("{")
                ? .parameter(String(part.dropFirst().dropLast())) : .word(.init(part))
        }
    }

    /// The values of the path's names, if these segments are of its form.
    func match(_ segments: [String]) -> [String: String]? {
        guard segments.count == pattern.count else { return nil }
        var parameters: [String: String] = [:]
        for (part, segment) in zip(pattern, segments) {
            switch part {
            case .word(let word): if word != segment { return nil }
            case .parameter(let name):
                if segment.isEmpty { return nil }
                parameters[name] = segment
            }
        }
        return parameters
    }
}
