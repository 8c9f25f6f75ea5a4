/// A request to the node, as its handler sees it.
public struct ControlRequest: Sendable {
    /// What is done.
    public let method: ControlMethod
    /// The path as it came, without the query.
    public let path: String
    /// The `{names}` of the route's path, percent-decoded.
    public let parameters: [String: String]
    /// What stands behind the `?`, percent-decoded; the last one of a name counts.
    public let query: [String: String]
    /// The JSON body; `.null` for none.
    public let body: JSONValue

    init(
        method: ControlMethod, target: ControlTarget, parameters: [String: String],
        body: JSONValue
    ) {
        self.method = method
        path = target.path
        self.parameters = parameters
        query = target.query
        self.body = body
    }
}

extension ControlRequest {
    /// A text that must be there: in the path, else in the query, else in the body. Throws
    /// `.usage`.
    public func text(_ name: String) throws(NodeError) -> String {
        guard let text = try optionalText(name), !text.isEmpty else {
            throw Self.wrong(name, "a text is missing")
        }
        return text
    }

    /// A text that may be there.
    public func optionalText(_ name: String) throws(NodeError) -> String? {
        if let text = parameters[name] ?? query[name] { return text }
        guard let value = member(name) else { return nil }
        guard let text = value.string else { throw Self.wrong(name, "must be a text") }
        return text
    }

    /// True when it is given so; false when it is not there.
    public func flag(_ name: String) throws(NodeError) -> Bool {
        try optionalFlag(name) ?? false
    }

    /// True or false as it is given; nil when it is not there.
    public func optionalFlag(_ name: String) throws(NodeError) -> Bool? {
        if let text = query[name] { return !["0", "false", "no"].contains(text) }
        guard let value = member(name) else { return nil }
        guard let flag = value.bool else { throw Self.wrong(name, "must be true or false") }
        return flag
    }

    /// A whole number that may be there.
    public func number(_ name: String) throws(NodeError) -> UInt64? {
        if let text = parameters[name] ?? query[name] {
            guard let number = UInt64(text) else { throw Self.wrong(name, "must be a number") }
            return try Self.bounded(number, name)
        }
        guard let value = member(name) else { return nil }
        guard let number = value.number else {
            throw Self.wrong(name, "must be a whole number, not negative")
        }
        return try Self.bounded(number, name)
    }

    private static func bounded(_ number: UInt64, _ name: String) throws(NodeError) -> UInt64 {
        guard number <= Limits.controlNumberMax else { throw wrong(name, "is too large") }
        return number
    }

    /// A list of texts; empty when it is not there.
    public func texts(_ name: String) throws(NodeError) -> [String] {
        guard let value = member(name) else { return [] }
        let texts = value.array?.compactMap(\.string)
        guard let texts, texts.count == value.array?.count else {
            throw Self.wrong(name, "must be a list of texts")
        }
        return texts
    }

    private func member(_ name: String) -> JSONValue? {
        let value = body[name]
        return value == .null ? nil : value
    }

    /// The words for a member that will not do.
    static func wrong(_ name: String, _ reason: String) -> NodeError {
        NodeError(.usage, "the request's '\(name)': \(reason)", hint: "see docs/control-api.md")
    }
}
