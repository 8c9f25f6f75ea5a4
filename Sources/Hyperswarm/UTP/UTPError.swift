/// Why a uTP connection ended otherwise than in good order.
enum UTPError: Error, Equatable, CustomStringConvertible {
    /// The peer stopped answering.
    case timedOut
    /// The peer knows nothing of the connection any more.
    case reset
    /// The peer knows nothing of the connection that we ask for.
    case refused
    /// We ended it without waiting.
    case aborted

    /// For people.
    var description: String {
        switch self {
        case .timedOut: "the peer stopped answering"
        case .reset: "the peer has forgotten the connection"
        case .refused: "the peer refused the connection"
        case .aborted: "the connection was ended"
        }
    }
}
