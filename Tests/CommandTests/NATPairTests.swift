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
        let time: Duration

        /// What the connection went over; nil when there was none.
        var transport: String? {
            ["TCP", "uTP"].first { result.errors.contains("connected by \($0)") }
        }

        var cell: String {
            guard result.status == 0, let transport else { return "none" }
            let (seconds, attoseconds) = time.components
            let tenths = Double(seconds) + Double(attoseconds) / 1e18
            return "\(transport) \((tenths * 10).rounded() / 10) s"
        }
    }

    /// One reader behind a router of his own, for every sharer: what one has opened does not help
    /// another.
    private func attempts(
        of reader: NATKind, at keys: [(NATKind, String)], on internet: Internet,
        _ options: [String]
    ) async throws -> [Attempt] {
        let hosts = try keys.map { _ in try internet.host(reader) }
        return try await withThrowingTaskGroup(of: Attempt.self) { group in
            for (host, (sharer, key)) in zip(hosts, keys) {
                let command = try Command(host.machine)
                let words = ["cat", key + "/file", "--no-mdns", "-v", "--timeout", "12"] + options
                group.addTask { [command] in
                    let start = ContinuousClock.now
                    let result = try await onThread { try command.run(words) }
                    return Attempt(
                        sharer: sharer, reader: reader, result: result,
                        time: ContinuousClock.now - start)
                }
            }
            var done: [Attempt] = []
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
        var keys: [(NATKind, String)] = []
        var homes: [Command] = []
        for kind in NATKind.allCases {
            let sharer = try Command(internet.host(kind).machine)
            let sharing = try await sharer.share(["--no-mdns", "-v"] + entries.options)
            sharings.append(sharing.running)
            keys.append((kind, sharing.key))
            homes.append(sharer)
        }
        var table: [NATKind: [NATKind: Attempt]] = [:]
        for reader in NATKind.allCases {
            let attempts = try await attempts(
                of: reader, at: keys, on: internet, entries.options)
            for attempt in attempts { table[attempt.sharer, default: [:]][reader] = attempt }
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
                    print(attempt.result.errors)
                }
            }
        }
        for sharing in sharings { #expect(sharing.end() == 0, "\(sharing.errors)") }
        #expect(entries.end() == [0, 0, 0])
        withExtendedLifetime(homes) {}
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

/// Waiting for a program must not keep Swift's few threads from their work.
private func onThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}
