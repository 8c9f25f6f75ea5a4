extension NodeError {
    /// `{"event":"error",...}`, as commands print it and the control socket sends it.
    public var json: JSONValue {
        [
            "event": "error", "code": .string(code.rawValue), "message": .string(message),
            "hint": .string(hint),
        ]
    }

    /// What `json` said; nil for anything else.
    public init?(_ json: JSONValue) {
        guard json["event"]?.string == "error", let message = json["message"]?.string else {
            return nil
        }
        self.init(
            json["code"]?.string.flatMap(Code.init(rawValue:)) ?? .failed, message,
            hint: json["hint"]?.string ?? "")
    }

    /// The HTTP status that fits.
    var httpStatus: Int {
        switch code {
        case .usage: 400
        case .notWritable: 403
        case .notFound, .notMounted: 404
        case .mountpointUnusable: 409
        case .storeLocked: 423
        case .network: 502
        case .fuseUnavailable, .ending: 503
        case .failed, .corrupt: 500
        }
    }
}
