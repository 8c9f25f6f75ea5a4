import NIOCore

/// Compares where the machine is with where it was, and the clocks with each other. Pure: the
/// owner looks at `nextDeadline`, and whenever the kernel says that something has changed.
struct NetworkObserver: Sendable {
    /// What has happened.
    enum News: Hashable, Sendable {
        /// Addresses or the router are not what they were.
        case moved(NetworkPlace)
        /// The machine slept, or this process was stopped.
        case woke
    }

    private var place: NetworkPlace
    private var lastLook: NIODeadline
    private var lastLookAwake: NIODeadline
    private var lastNews: NIODeadline?

    /// - Parameters:
    ///   - now: of a clock that goes on while the machine sleeps, as is all that is passed later.
    ///   - awake: of the clock of `NIODeadline`.
    init(_ place: NetworkPlace, now: NIODeadline, awake: NIODeadline) {
        self.place = place
        lastLook = now
        lastLookAwake = awake
    }

    /// When to look again, by the clock of `NIODeadline`.
    var nextDeadline: NIODeadline {
        lastLookAwake + Limits.Roaming.scan
    }

    /// Whether something was looked at so recently that news would have to wait; until when.
    func restsUntil(awake: NIODeadline) -> NIODeadline? {
        guard let end = lastNews.map({ $0 + Limits.Roaming.pause }), end > awake else { return nil }
        return end
    }

    /// The machine is here now.
    mutating func look(
        _ current: NetworkPlace, now: NIODeadline, awake: NIODeadline
    ) -> [News] {
        var news: [News] = []
        if now - lastLook >= Limits.Roaming.sleepAtLeast { news.append(.woke) }
        if current != place { news.append(.moved(current)) }
        (place, lastLook, lastLookAwake) = (current, now, awake)
        if !news.isEmpty { lastNews = awake }
        return news
    }
}
