/// Why a uTP connection ended otherwise than in good order.
enum UTPError: Error, Equatable {
    /// The peer stopped answering.
    case timedOut
    /// The peer knows nothing of the connection any more.
    case reset
    /// The peer knows nothing of the connection that we ask for.
    case refused
    /// We ended it without waiting.
    case aborted
}
