/// Runs a local computation; fetches what it misses and runs it again, until it succeeds, fails or
/// the time is over.
///
/// `timeout` bounds the whole; nil = until the task is cancelled. Each distinct hint is broadcast
/// once. Throws what `body` throws besides `MissingBlocks`, and what `Feed.fetch` throws.
public func resolve<T>(
    priority: Demand.Priority = .foreground, timeout: Duration?, _ body: () throws -> sending T
) async throws -> sending T {
    var progress = ResolveProgress(timeout: timeout)
    while true {
        do {
            return try body()
        } catch let missing as MissingBlocks {
            let rest = try progress.next(missing)
            if let hint = missing.hint, progress.isNew(hint) {
                missing.feed.network?.broadcast(
                    hint.payload, extension: hint.extension, of: missing.feed)
            }
            try await missing.feed.fetch(Demand(missing.target, priority: priority, timeout: rest))
        }
    }
}

/// How far a `resolve` has come, and when it must end.
private struct ResolveProgress {
    private let clock = ContinuousClock()
    private let deadline: ContinuousClock.Instant?
    private var rounds = 0
    private var repeats = 0
    private var last: (feed: ObjectIdentifier, target: Demand.Target)?
    private var hints: Set<[UInt8]> = []

    init(timeout: Duration?) {
        deadline = timeout.map { ContinuousClock().now + $0 }
    }

    /// Counts a round; returns the time that is left.
    mutating func next(_ missing: MissingBlocks) throws -> Duration? {
        rounds += 1
        let feed = ObjectIdentifier(missing.feed)
        repeats =
            last.map { $0.feed == feed && $0.target == missing.target } ?? false
            ? repeats + 1 : 0
        last = (feed, missing.target)
        guard rounds <= Limits.resolveRoundsMax, repeats <= Limits.resolveRepeatsMax else {
            throw FeedError.corrupt(
                "what was fetched of feed \(missing.feed.key) is asked for again and again")
        }
        guard let deadline else { return nil }
        let rest = deadline - clock.now
        guard rest > .zero else {
            throw FeedError(.timedOut, "blocks of feed \(missing.feed.key) did not come in time")
        }
        return rest
    }

    mutating func isNew(_ hint: (extension: String, payload: [UInt8])) -> Bool {
        guard hints.count < Limits.resolveHintsMax else { return false }
        return hints.insert(Array(hint.extension.utf8) + [0] + hint.payload).inserted
    }
}
