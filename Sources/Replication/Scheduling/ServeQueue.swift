import DequeModule

/// What one peer asked us for and has not got yet, in the order of asking, of bounded length.
struct ServeQueue {
    enum Item {
        case request(FeedChannel, index: UInt64, bytes: UInt64, hash: Bool, nodes: UInt64)
        /// Wants wait here too: their answers may be large, and go only to a peer that reads.
        case want(FeedChannel, start: UInt64, length: UInt64)

        var channel: FeedChannel {
            switch self {
            case .request(let channel, _, _, _, _), .want(let channel, _, _): channel
            }
        }
    }

    private var items: Deque<Item> = []

    var isEmpty: Bool { items.isEmpty }
    var count: Int { items.count }

    /// False when the peer has asked for more than anybody honest does.
    mutating func append(_ item: Item) -> Bool {
        guard items.count < SchedulerLimits.serveQueueMax else { return false }
        items.append(item)
        return true
    }

    mutating func next() -> Item? { items.popFirst() }

    /// Forgets a request that its sender took back.
    mutating func cancel(_ channel: FeedChannel, index: UInt64, hash: Bool) {
        let found = items.firstIndex {
            guard case .request(let other, index, 0, hash, _) = $0 else { return false }
            return other === channel
        }
        if let found { items.remove(at: found) }
    }

    /// Forgets what was asked on a channel that is gone.
    mutating func removeAll(of channel: FeedChannel) {
        items.removeAll { $0.channel === channel }
    }
}
