/// What `hyperfs doctor` found out about one thing.
public struct Finding: Sendable, Equatable {
    /// How bad it is.
    public enum State: String, Sendable {
        /// Works.
        case ok
        /// Works less well than it could.
        case warning
        /// Something cannot be done at all.
        case failed
        /// Was not looked at.
        case skipped
    }

    /// A short name: "fuse", "store", "lan".
    public let check: String
    /// How bad it is.
    public let state: State
    /// What was found.
    public let message: String
    /// What to do about it; empty when there is nothing.
    public let hint: String

    init(_ check: String, _ state: State, _ message: String, hint: String = "") {
        self.check = check
        self.state = state
        self.message = message
        self.hint = hint
    }

    /// For programs.
    public var json: JSONValue {
        [
            "check": .string(check), "state": .string(state.rawValue),
            "message": .string(message), "hint": .string(hint),
        ]
    }
}
