/// What a node gives for something it was asked to do; its events carry it.
public struct DHTTicket: Hashable, Sendable {
    let raw: UInt64
}
