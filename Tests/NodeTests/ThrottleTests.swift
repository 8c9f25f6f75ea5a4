import TestSupport
import Testing

@testable import Node

@Suite(.timeLimit(.minutes(1)))
struct ThrottleTests {
    @Test func theAverageHolds() {
        var random = SeededRandom.announced()
        var now = ContinuousClock.now
        let start = now
        var throttle = Throttle(bytesPerSecond: 100_000, now: now)
        var passed = 0
        while now - start < .seconds(60) {
            if let pause = throttle.pause(now: now) {
                now += pause
                // It may be looked at again at any time in between.
                #expect(throttle.pause(now: now - pause / 2) != nil || pause < .microseconds(1))
            } else {
                let count = Int.random(in: 1...70_000, using: &random)
                throttle.take(count, now: now)
                passed += count
                now += .microseconds(Int.random(in: 0...100, using: &random))
            }
        }
        #expect((5_900_000...6_100_000).contains(passed))
    }

    @Test func aQuietTimeIsNotSavedUp() {
        let now = ContinuousClock.now
        var throttle = Throttle(bytesPerSecond: 1000, now: now)
        #expect(throttle.pause(now: now + .seconds(3600)) == nil)
        throttle.take(1000, now: now + .seconds(3600))
        let pause = throttle.pause(now: now + .seconds(3600)) ?? .zero
        #expect(pause > .milliseconds(999) && pause < .milliseconds(1001))
        #expect(throttle.pause(now: now + .seconds(3602)) == nil)
    }

    @Test func timeThatGoesBackIsNoTime() {
        let now = ContinuousClock.now
        var throttle = Throttle(bytesPerSecond: 0, now: now)
        throttle.take(1, now: now)
        #expect(throttle.pause(now: now - .seconds(5)) == .seconds(1))
    }
}
