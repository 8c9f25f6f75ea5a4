import Hypercore
import Hyperdrive
import Synchronization

/// Keeps what is pinned complete for as long as the node runs: goes on where it was, and follows
/// new versions. Takes the line only when nobody else wants it.
final class PinFollower: Sendable {
    private struct State: Sendable {
        var tasks: [Pin: Task<Void, Never>] = [:]
        var isStopped = false
    }

    private let engine: Engine
    private let state = Mutex(State())

    init(_ engine: Engine) { self.engine = engine }

    /// Looks at the list of pins again.
    func look() {
        guard engine.configuration.network != nil else { return }
        let wanted: Set<Pin>
        do {
            wanted = Set(try PinList.load(store: engine.configuration.store))
        } catch {
            return engine.configuration.logger.error("pins: \(error)")
        }
        state.withLock { state in
            guard !state.isStopped else { return }
            for (pin, task) in state.tasks where !wanted.contains(pin) {
                task.cancel()
                state.tasks[pin] = nil
            }
            for pin in wanted where state.tasks[pin] == nil {
                state.tasks[pin] = Task { [engine] in await Self.follow(pin, in: engine) }
            }
        }
    }

    /// Ends all of it, and waits.
    func stop() async {
        let tasks = state.withLock { state in
            state.isStopped = true
            defer { state.tasks = [:] }
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    private static func follow(_ pin: Pin, in engine: Engine) async {
        while !Task.isCancelled {
            do {
                let drive = try engine.open(pin)
                engine.follow(drive.metadata)
                engine.exchange(drive)
                // Before the look: what comes while it is fetched is another round.
                let (news, signal) = AsyncStream.makeStream(
                    of: Void.self, bufferingPolicy: .bufferingNewest(1))
                let observation = drive.metadata.observe { event in
                    if case .grew = event { signal.yield() }
                }
                defer { drive.metadata.stopObserving(observation) }
                try await fetch(pin, drive)
                guard pin.version == nil else { return }
                var iterator = news.makeAsyncIterator()
                guard await iterator.next() != nil else { return }
            } catch {
                engine.configuration.logger.info("pin \(pin.text): \(error)")
                // Cancelled it throws at once, and the loop ends.
                try? await Task.sleep(for: Limits.pinRetry)
            }
        }
    }

    private static func fetch(_ pin: Pin, _ drive: Drive) async throws {
        let content = try await resolve(priority: .background, timeout: nil) {
            try Engine.content(of: drive, at: pin.path)
        }
        for part in content.blocks.parts {
            for range in part.ranges {
                var next = range.lowerBound
                while next < range.upperBound {
                    let end = min(next + Limits.copyAheadBlocks, range.upperBound)
                    try await part.feed.fetch(Demand(.blocks(next..<end), priority: .background))
                    next = end
                }
            }
        }
    }
}
