import HyperCrypto
import Synchronization
import TestSupport
import Testing

@testable import Hypercore

@Suite(.timeLimit(.minutes(1)))
struct FeedNetworkTests {
    /// A network that remembers what it was asked and answers when told.
    final class FakeNetwork: FeedNetwork {
        struct State {
            var next: UInt64 = 0
            var waiting: [DemandID: @Sendable (Result<Void, FeedError>) -> Void] = [:]
            var demands: [Demand] = []
            var broadcasts: [[UInt8]] = []
        }

        let state = Mutex(State())
        /// Called for each demand; nil leaves it waiting.
        let answer: @Sendable (Demand, Feed) -> Result<Void, FeedError>?
        let (asked, ask) = AsyncStream<Void>.makeStream()

        init(_ answer: @escaping @Sendable (Demand, Feed) -> Result<Void, FeedError>?) {
            self.answer = answer
        }

        func demand(
            _ demand: Demand, of feed: Feed,
            completion: @escaping @Sendable (Result<Void, FeedError>) -> Void
        ) -> DemandID {
            let id = state.withLock { state in
                state.next += 1
                let id = DemandID(state.next)
                state.demands.append(demand)
                state.waiting[id] = completion
                return id
            }
            if let result = answer(demand, feed) { finish(id, result) }
            ask.yield()
            return id
        }

        func finish(_ id: DemandID, _ result: Result<Void, FeedError>) {
            let completion = state.withLock { $0.waiting.removeValue(forKey: id) }
            completion?(result)
        }

        func withdraw(_ id: DemandID) {
            finish(id, .failure(FeedError(.cancelled, "withdrawn")))
        }

        func broadcast(_ payload: [UInt8], extension name: String, of feed: Feed) {
            state.withLock { $0.broadcasts.append(payload) }
        }

        func send(_ payload: [UInt8], extension name: String, of feed: Feed, to peer: PeerID) {}
        func peerCount(of feed: Feed) -> Int { 1 }
    }

    static func pair() throws -> (source: Feed, reader: Feed) {
        let source = try Feed(storage: MemoryStorage())
        try source.append((0..<10).map { [$0] })
        return (source, try Feed(storage: MemoryStorage(), key: source.key))
    }

    static func fetching(_ source: Feed) -> FakeNetwork {
        FakeNetwork { demand, feed in
            Result {
                switch demand.target {
                case .blocks(let range):
                    for block in range { try FeedFaultTests.fetch(block, from: source, into: feed) }
                case .list(let blocks):
                    for block in blocks {
                        try FeedFaultTests.fetch(block, from: source, into: feed)
                    }
                default: try FeedFaultTests.fetch(source.length - 1, from: source, into: feed)
                }
            }.mapError { $0 as? FeedError ?? FeedError(.io, "\($0)") }
        }
    }

    @Test func withoutANetworkOnlyWhatIsHereIsFound() async throws {
        let (source, reader) = try Self.pair()
        try await source.fetch(Demand(.blocks(0..<10)))
        #expect(source.isMet(.length(atLeast: 10)))
        #expect(!source.isMet(.length(atLeast: 11)))
        #expect(source.isMet(.byte(3, within: 0..<10)))
        let error = await #expect(throws: FeedError.self) {
            try await reader.fetch(Demand(.blocks(0..<1)))
        }
        #expect(error?.code == .noPeers)
    }

    @Test func aResolveFetchesWhatIsMissingAndSendsEachHintOnce() async throws {
        let (source, reader) = try Self.pair()
        let network = Self.fetching(source)
        reader.network = network
        let sum = try await resolve(timeout: nil) {
            var sum = 0
            for block: UInt64 in 0..<10 {
                guard let bytes = try reader.block(block) else {
                    throw MissingBlocks(
                        feed: reader, target: .list([block]),
                        hint: block % 2 == 0 ? ("hint", [1]) : ("hint", [2]))
                }
                sum += Int(bytes[0])
            }
            return sum
        }
        #expect(sum == 45)
        #expect(network.state.withLock { $0.broadcasts } == [[1], [2]])
        #expect(network.state.withLock { $0.demands.count } == 10)
    }

    @Test func aCancelledWaitIsWithdrawn() async throws {
        let (_, reader) = try Self.pair()
        let network = FakeNetwork { _, _ in nil }
        reader.network = network
        let task = Task { try await reader.fetch(Demand(.blocks(0..<1))) }
        for await _ in network.asked { break }
        task.cancel()
        let error = await #expect(throws: FeedError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(network.state.withLock { $0.waiting.isEmpty })
    }

    @Test func aWaitThatIsCancelledBeforeItBeginsAsksNobody() async throws {
        let (_, reader) = try Self.pair()
        let network = FakeNetwork { _, _ in nil }
        reader.network = network
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await reader.fetch(Demand(.blocks(0..<1)))
        }
        let error = await #expect(throws: FeedError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func aResolveThatGetsNowhereEnds() async throws {
        let (_, reader) = try Self.pair()
        let network = FakeNetwork { _, _ in .success(()) }
        reader.network = network
        let error = await #expect(throws: FeedError.self) {
            try await resolve(timeout: nil) { () throws -> Int in
                throw MissingBlocks(feed: reader, target: .blocks(0..<1))
            }
        }
        #expect(error?.code == .corrupt)
    }

    @Test func aResolveIsOverWhenItsTimeIs() async throws {
        let (_, reader) = try Self.pair()
        let network = FakeNetwork { _, _ in .success(()) }
        reader.network = network
        let error = await #expect(throws: FeedError.self) {
            try await resolve(timeout: .zero) { () throws -> Int in
                throw MissingBlocks(feed: reader, target: .blocks(0..<1))
            }
        }
        #expect(error?.code == .timedOut)
        #expect(network.state.withLock { $0.demands.isEmpty })
    }

    @Test func observersHearEverythingUntilTheyAreRemoved() throws {
        let (source, reader) = try Self.pair()
        let heard = Mutex<[Feed.Event]>([])
        let observation = reader.observe { event in heard.withLock { $0.append(event) } }
        try FeedFaultTests.fetch(3, from: source, into: reader)
        try FeedFaultTests.fetch(3, from: source, into: reader)
        try reader.clear(0..<10)
        reader.stopObserving(observation)
        try FeedFaultTests.fetch(4, from: source, into: reader)
        #expect(heard.withLock { $0 } == [.grew(length: 10), .stored(3..<4), .cleared(3..<4)])
    }

    @Test func extensionsAreNumberedInTheOrderOfTheirNames() throws {
        let (_, reader) = try Self.pair()
        let heard = Mutex<[(PeerID, [UInt8])]>([])
        for name in ["hypertrie", "a", "Z"] {
            reader.handleExtension(name) { peer, payload in
                heard.withLock { $0.append((peer, payload)) }
            }
        }
        #expect(reader.extensionNames == ["Z", "a", "hypertrie"])
        reader.receiveExtension("a", from: PeerID(7), payload: [1])
        reader.receiveExtension("unknown", from: PeerID(7), payload: [2])
        #expect(heard.withLock { $0.map(\.1) } == [[1]])
    }
}
