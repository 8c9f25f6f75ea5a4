import Foundation
import Synchronization
import TestSupport
import Testing

/// Who shares behind one router and who reads behind another find and reach each other by nothing
/// but the key, through a DHT of three nodes (docs/spec/nat.md 3).
@Suite(.timeLimit(.minutes(4)), .serialized)
struct NATPairTests {
    /// How a read went.
    private struct Attempt: Sendable {
        let sharer: NATKind
        let reader: NATKind
        let result: Command.Result
        let log: String
        let time: Duration

        /// What the connection went over; nil when there was none.
        var transport: String? {
            ["TCP", "uTP"].first { log.contains("connected by \($0)") }
        }

        var cell: String {
            guard result.status == 0, let transport else { return "none" }
            let (seconds, attoseconds) = time.components
            let tenths = Double(seconds) + Double(attoseconds) / 1e18
            return "\(transport) \((tenths * 10).rounded() / 10) s"
        }
    }

    /// One reader behind a router of his own for every sharer: what one has opened does not help
    /// another. A few at a time, those that take long first.
    private func attempts(
        at keys: [NATKind: String], on internet: Internet, _ options: [String]
    ) async throws -> [Attempt] {
        let pairs = NATKind.allCases.flatMap { sharer in
            NATKind.allCases.map { (sharer: sharer, reader: $0) }
        }
        let waiting = pairs.filter { !$0.sharer.reaches($0.reader) }
        let others = pairs.filter { $0.sharer.reaches($0.reader) }
        return try await withThrowingTaskGroup(of: Attempt.self) { group in
            var done: [Attempt] = []
            for (started, pair) in (waiting + others).enumerated() {
                if started >= 6, let attempt = try await group.next() { done.append(attempt) }
                let command = try Command(internet.host(pair.reader).machine)
                let words = [
                    "cat", (keys[pair.sharer] ?? "") + "/file", "--no-mdns", "-v",
                    "--timeout", "12",
                ]
                group.addTask {
                    let start = ContinuousClock.now
                    let result = try await onThread {
                        Result { try command.run(words + options) }
                    }.get()
                    return Attempt(
                        sharer: pair.sharer, reader: pair.reader, result: result,
                        log: command.nodeLog, time: ContinuousClock.now - start)
                }
            }
            for try await attempt in group { done.append(attempt) }
            return done
        }
    }

    @Test func everyPairThatCanConnectDoes() async throws {
        guard Laboratory.isThere else { return }
        let internet = try Internet()
        defer { withExtendedLifetime(internet) {} }
        let entries = try await EntryNodes(on: internet)
        var sharings: [RunningCommand] = []
        var keys: [NATKind: String] = [:]
        var homes: [Command] = []
        for kind in NATKind.allCases {
            let sharer = try Command(internet.host(kind).machine)
            let sharing = try await sharer.share(["--no-mdns", "-v"] + entries.options)
            sharings.append(sharing.running)
            keys[kind] = sharing.key
            homes.append(sharer)
        }
        var table: [NATKind: [NATKind: Attempt]] = [:]
        for attempt in try await attempts(at: keys, on: internet, entries.options) {
            table[attempt.sharer, default: [:]][attempt.reader] = attempt
        }
        print(Self.text(table))
        for (sharer, row) in table {
            for (reader, attempt) in row {
                let pair: Comment = "\(sharer.rawValue), \(reader.rawValue): \(attempt.result)"
                if sharer.reaches(reader) {
                    #expect(attempt.result.text == "found\n", pair)
                    // Nothing is in TCP's way to a public address, but both are tried.
                    #expect(attempt.transport == "uTP" || sharer == .open, pair)
                } else {
                    #expect(attempt.result.status == 2, pair)
                    #expect(attempt.transport == nil, pair)
                    #expect(attempt.result.errors.contains("no peer in reach"), pair)
                }
            }
        }
        for sharing in sharings { #expect(sharing.end() == 0, "\(sharing.errors)") }
        #expect(entries.end() == [0, 0, 0])
        withExtendedLifetime(homes) {}
    }

    /// Those three pairs, with a relay that both sides name.
    @Test(arguments: [
        (NATKind.symmetric, NATKind.symmetric), (.symmetric, .portRestricted),
        (.portRestricted, .symmetric),
    ])
    func whatCannotConnectGoesThroughARelay(_ sharer: NATKind, _ reader: NATKind) async throws {
        guard Laboratory.isThere else { return }
        let internet = try Internet()
        defer { withExtendedLifetime(internet) {} }
        let place = "\(internet.server(1)):49737"
        let third = try Command(internet.servers)
        let relay = try RunningCommand(
            third, ["bootstrap", "--relay", "--listen", place, "--json"])
        _ = try #require(await relay.event("ready"), "\(relay.errors)")
        let options = ["--no-mdns", "--bootstrap", place, "--relay", place]
        let home = try Command(internet.host(sharer).machine)
        let sharing = try await home.share(options)
        let away = try Command(internet.host(reader).machine)
        let words = ["cat", sharing.key + "/file", "-v"] + options
        let cat = try await onThread { try away.run(words) }
        #expect(cat.text == "found\n", "\(cat.errors)")
        #expect(away.nodeLog.contains("connected by a relay"), "\(away.nodeLog)")
        #expect(sharing.running.end() == 0)
        #expect(relay.end() == 0)
        withExtendedLifetime((home, third)) {}
    }

    /// As docs/benchmarks.md has it.
    private static func text(_ table: [NATKind: [NATKind: Attempt]]) -> String {
        let kinds = NATKind.allCases
        let head = "| shares \\ reads | " + kinds.map(\.rawValue).joined(separator: " | ") + " |"
        let rows = kinds.map { sharer in
            let cells = kinds.map { table[sharer]?[$0]?.cell ?? "" }
            return "| \(sharer.rawValue) | " + cells.joined(separator: " | ") + " |"
        }
        return ([head, "|---|" + kinds.map { _ in "---|" }.joined()] + rows)
            .joined(separator: "\n")
    }
}
