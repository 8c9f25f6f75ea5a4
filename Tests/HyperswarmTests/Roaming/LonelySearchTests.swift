import NIOCore
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct LonelySearchTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// The seconds, of those that it is asked in, in which there is something to do.
    private func due(_ search: inout LonelySearch, _ seconds: Range<Int>, step: Int = 5) -> [Int] {
        stride(from: seconds.lowerBound, to: seconds.upperBound, by: step).filter {
            search.isDue(isLonely: true, now: start + .seconds(Int64($0)))
        }
    }

    @Test func whoIsAloneLooksAgainLessAndLessOften() {
        var search = LonelySearch()
        let times = due(&search, 0..<1000)
        #expect(times == [20, 60, 140, 300, 460, 620, 780, 940])
    }

    @Test func whoHasCompanyStartsAnew() {
        var search = LonelySearch()
        _ = due(&search, 0..<500)
        let isDue = search.isDue(isLonely: false, now: start + .seconds(500))
        #expect(!isDue)
        #expect(due(&search, 505..<530) == [525])
    }
}
