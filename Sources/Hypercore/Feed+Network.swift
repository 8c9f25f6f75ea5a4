import Synchronization

/// A feed's ties to its peers.
struct Links {
    var network: (any FeedNetwork)?
    var handlers: [String: @Sendable (PeerID, [UInt8]) -> Void] = [:]
    /// Objects of layers above, one for each type.
    var companions: [ObjectIdentifier: any AnyObject & Sendable] = [:]
}

extension Feed {
    /// The way to peers; `nil` = offline. Let go by `close`.
    public var network: (any FeedNetwork)? {
        get { links.withLock { $0.network } }
        set { links.withLock { $0.network = newValue } }
    }

    /// Handles extension messages of peers, by name. Set before the feed is replicated; the last
    /// handler of a name counts. Names beyond `Limits.extensionsMax` are ignored.
    public func handleExtension(
        _ name: String, _ handler: @escaping @Sendable (PeerID, [UInt8]) -> Void
    ) {
        links.withLock { links in
            guard links.handlers.count < Limits.extensionsMax || links.handlers[name] != nil
            else { return }
            links.handlers[name] = handler
        }
    }

    /// Names of all extensions, in the order that numbers them on the wire: by bytes
    /// (docs/spec/hypercore.md section 11.9).
    public var extensionNames: [String] {
        links.withLock { Array($0.handlers.keys) }
            .sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
    }

    /// Hands a peer's extension message to its handler; one without handler is dropped.
    public func receiveExtension(_ name: String, from peer: PeerID, payload: [UInt8]) {
        let handler = links.withLock { $0.handlers[name] }
        handler?(peer, payload)
    }

    /// Whether a target is here already.
    public func isMet(_ target: Demand.Target) -> Bool {
        switch target {
        case .blocks(let range): hasAll(range)
        case .list(let blocks): core.withLock { core in blocks.allSatisfy { core.isReadable($0) } }
        case .length(let atLeast): length >= atLeast
        case .byte(let byte, let range):
            if case .found = try? seek(byte: byte, within: range) { true } else { false }
        }
    }

    /// Callback form of `fetch`, for who must not suspend. Calls back at once, on this thread, when
    /// the target is met already (nil is returned then) or there is no network (`noPeers`).
    @discardableResult
    public func fetch(
        _ demand: Demand, completion: @escaping @Sendable (Result<Void, FeedError>) -> Void
    ) -> DemandID? {
        if isMet(demand.target) {
            completion(.success(()))
            return nil
        }
        guard let network else {
            completion(
                .failure(FeedError(.noPeers, "feed \(key) is offline, and this is not stored here"))
            )
            return nil
        }
        return network.demand(demand, of: self, completion: completion)
    }

    /// Waits until the target is met. Throws `timedOut`, `cancelled`, `noPeers`, `corrupt` or
    /// `closed`; when the task is cancelled the demand is withdrawn.
    public func fetch(_ demand: Demand) async throws {
        let waiter = Waiter()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                if waiter.isCancelled {
                    continuation.resume(throwing: FeedError(.cancelled, "the wait was cancelled"))
                    return
                }
                let id = fetch(demand) { continuation.resume(with: $0.mapError { $0 }) }
                waiter.started(id, network)
            }
        } onCancel: {
            waiter.cancel()
        }
    }
}

/// Connects the cancellation of a task with a demand that may not have its name yet.
private final class Waiter: Sendable {
    private struct State {
        var isCancelled = false
        var id: DemandID?
        var network: (any FeedNetwork)?
    }

    private let state = Mutex(State())

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func started(_ id: DemandID?, _ network: (any FeedNetwork)?) {
        guard let id else { return }
        let isCancelled = state.withLock { state in
            state.id = id
            state.network = network
            return state.isCancelled
        }
        if isCancelled { network?.withdraw(id) }
    }

    func cancel() {
        let (id, network) = state.withLock { state in
            state.isCancelled = true
            return (state.id, state.network)
        }
        if let id { network?.withdraw(id) }
    }
}
