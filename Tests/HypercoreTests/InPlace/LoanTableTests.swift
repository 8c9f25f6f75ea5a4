import TestSupport
import Testing

@testable import Hypercore

/// The table of loans against an array that says of each byte who lends it.
@Suite(.timeLimit(.minutes(1)))
struct LoanTableTests {
    private struct Source: Equatable {
        var path: String
        var offset: UInt64
    }

    private static let bytes = 200

    private func range(_ random: inout SeededRandom) -> Range<UInt64> {
        let a = UInt64.random(in: 0..<UInt64(Self.bytes), using: &random)
        let b = UInt64.random(in: 0...UInt64(Self.bytes), using: &random)
        return min(a, b)..<max(a, b)
    }

    /// Ranges in order and apart.
    private func ranges(_ random: inout SeededRandom) -> [Range<UInt64>] {
        let cuts = Set((0..<8).map { _ in UInt64.random(in: 0...200, using: &random) }).sorted()
        return zip(cuts, cuts.dropFirst()).map { $0..<$1 }
            .filter { _ in Bool.random(using: &random) }
    }

    @Test func itAnswersLikeAnArrayOfBytes() {
        var random = SeededRandom.announced()
        for _ in 0..<300 {
            var table = LoanTable()
            var model = [Source?](repeating: nil, count: Self.bytes)
            for step in 0..<40 {
                let ranges = ranges(&random)
                if step % 3 == 2 {
                    table.remove(ranges)
                    for range in ranges { for i in range { model[Int(i)] = nil } }
                } else {
                    let loans = ranges.map { range in
                        Loan(
                            bytes: range,
                            path: ["a", "b", "c"].randomElement(using: &random) ?? "",
                            offset: Bool.random(using: &random) ? range.lowerBound : 7)
                    }
                    table.add(loans.shuffled(using: &random))
                    for loan in loans {
                        for i in loan.bytes {
                            let offset = loan.offset + i - loan.bytes.lowerBound
                            model[Int(i)] = Source(path: loan.path, offset: offset)
                        }
                    }
                }
                check(table, model, &random)
            }
        }
    }

    private func check(_ table: LoanTable, _ model: [Source?], _ random: inout SeededRandom) {
        for (i, source) in model.enumerated() {
            let loan = table.loan(at: UInt64(i))
            let found = loan.map {
                Source(path: $0.path, offset: $0.offset + UInt64(i) - $0.bytes.lowerBound)
            }
            #expect(found == source)
        }
        let range = range(&random)
        #expect(table.touches(range) == range.contains { model[Int($0)] != nil })
        for (loan, next) in zip(table.loans, table.loans.dropFirst()) {
            #expect(loan.bytes.upperBound <= next.bytes.lowerBound)
            #expect(loan.joined(with: next) == nil, "neighbors of one file are one loan")
        }
        #expect(table.loans.allSatisfy { !$0.bytes.isEmpty })
    }
}
