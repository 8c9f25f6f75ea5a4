import Foundation
import TestSupport
import Testing

@testable import Node

@Suite(.timeLimit(.minutes(1)))
struct JSONValueTests {
    @Test func writesOneLineInTheGivenOrder() {
        let value: JSONValue = [
            "b": .number(18_446_744_073_709_551_615), "a": .string("x\"\\\n\t\u{1}\u{7F}\u{E9}"),
            "c": .array([true, .null, [:]]),
        ]
        let text = String(decoding: value.text, as: UTF8.self)
        let expected =
            #"{"b":18446744073709551615,"a":"x\"\\\n\t\u0001\u007f"# + "\u{E9}"
            + #"","c":[true,null,{}]}"#
        #expect(text == expected)
    }

    @Test func othersReadItBack() throws {
        let name = String(decoding: (0...0xFF).map { UInt8($0) }, as: UTF8.self) + "\u{1F600}"
        let value: JSONValue = ["name": .string(name)]
        let read = try JSONDecoder().decode(JSON.self, from: Data(value.text))
        #expect(read["name"].string == name)
        #expect(!value.text.contains(UInt8(ascii: "\n")))
    }

    @Test func aRateFollowsTheTotals() {
        var rate = Rate()
        let start = ContinuousClock.now
        rate.sample(total: 1000, at: start)
        #expect(rate.value == 0)
        for second in 1...30 {
            rate.sample(total: 1000 + UInt64(second) * 500, at: start + .seconds(second))
        }
        #expect(abs(rate.value - 500) < 1)
        for second in 31...60 { rate.sample(total: 16_000, at: start + .seconds(second)) }
        #expect(rate.value < 1)
    }
}
