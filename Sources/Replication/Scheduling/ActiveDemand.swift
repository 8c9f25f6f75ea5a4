import Hypercore

/// A demand that is not met yet.
final class ActiveDemand {
    enum Wish {
        case blocks(BlockWalk)
        case byte(UInt64, within: Range<UInt64>)
        case length(UInt64)
    }

    let id: DemandID
    let wish: Wish
    let priority: Demand.Priority
    let replication: FeedReplication
    /// Called once, with the verdict. `nil` for demands of our own.
    let completion: (@Sendable (Result<Void, FeedError>) -> Void)?
    let deadline: ContinuousClock.Instant?
    /// Position of the first block that is not stored: the demand is met when there is none. It
    /// waits in `FeedReplication.waiting` under that block.
    var low: UInt64 = 0
    /// Position from which on nothing has been asked for.
    var cursor: UInt64 = 0
    /// Blocks were passed over because nobody has them.
    var isStarved = false
    /// It is in the queue of those that have something to ask.
    var isQueued = false
    var isDone = false

    init(
        id: DemandID, wish: Wish, priority: Demand.Priority, replication: FeedReplication,
        deadline: ContinuousClock.Instant?,
        completion: (@Sendable (Result<Void, FeedError>) -> Void)?
    ) {
        self.id = id
        self.wish = wish
        self.priority = priority
        self.replication = replication
        self.deadline = deadline
        self.completion = completion
    }

    var walk: BlockWalk? {
        if case .blocks(let walk) = wish { walk } else { nil }
    }

    /// The block it waits for first.
    var lowBlock: UInt64? { walk.map { $0.block(at: low) } }
}
