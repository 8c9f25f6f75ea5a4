import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct StrangersTests {
    @Test func aHostHasItsShareAndGetsItBack() {
        var strangers = Strangers<Int>()
        for id in 0..<Limits.Own.strangersPerHostMax {
            let mayStay = strangers.came(id, from: "192.0.2.1")
            #expect(mayStay)
        }
        let isOneTooMany = !strangers.came(1000, from: "192.0.2.1")
        #expect(isOneTooMany)
        let mayAnother = strangers.came(1001, from: "192.0.2.2")
        #expect(mayAnother)
        // One who was not let in, and one that leaves twice, change nothing.
        strangers.gone(1000)
        strangers.gone(3)
        strangers.gone(3)
        let hasPlace = strangers.came(1002, from: "192.0.2.1")
        #expect(hasPlace)
        let hasAnother = strangers.came(1003, from: "192.0.2.1")
        #expect(!hasAnother)
    }

    @Test func manyHostsTogetherAreBounded() {
        var strangers = Strangers<Int>()
        for id in 0..<1000 { _ = strangers.came(id, from: "192.0.2.\(id)") }
        #expect(strangers.count == Limits.Own.strangersMax)
        for id in 0..<1000 { strangers.gone(id) }
        #expect(strangers.count == 0)
    }
}
