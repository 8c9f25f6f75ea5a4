import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct TopicScheduleTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let topic = Blake2b.hash32([1])
    private let period: ClosedRange<TimeAmount> = .seconds(300) ... .seconds(600)

    private func schedule() -> TopicSchedule {
        TopicSchedule(period: period, random: SeededRandom.announced())
    }

    private func ticket(_ number: UInt64) -> DHTTicket { DHTTicket(raw: number) }

    private func summary(acknowledged: Int = 0) -> DHTQuerySummary {
        var summary = DHTQuerySummary()
        summary.asked = 20
        summary.answered = 20
        summary.acknowledged = acknowledged
        return summary
    }

    @Test func whoIsFoundIsLookedForAtTheUsualPace() throws {
        var schedule = schedule()
        schedule.join(topic, announce: false, lookup: true, now: start)
        #expect(schedule.isSearching)
        #expect(schedule.next(now: start) == .init(topic: topic, announce: false))
        schedule.began(topic, ticket(1), now: start)
        #expect(schedule.next(now: start) == nil)
        let found = schedule.found(ticket(1))
        #expect(found == topic)
        let stranger = schedule.found(ticket(2))
        #expect(stranger == nil)
        let end = start + .seconds(2)
        schedule.finished(ticket(1), summary(), now: end)
        #expect(!schedule.isSearching)
        let due = try #require(schedule.nextDeadline)
        #expect(due - end >= period.lowerBound && due - end <= period.upperBound)
        #expect(schedule.next(now: due - .nanoseconds(1)) == nil)
        #expect(schedule.next(now: due) != nil)
    }

    @Test func aSearchInVainIsRepeatedSoonAndThenLessOften() throws {
        var schedule = schedule()
        schedule.join(topic, announce: false, lookup: true, now: start)
        var now = start
        var pauses: [TimeAmount] = []
        for number in 1...10 {
            schedule.began(topic, ticket(UInt64(number)), now: now)
            schedule.finished(ticket(UInt64(number)), summary(), now: now)
            let due = try #require(schedule.nextDeadline)
            pauses.append(due - now)
            now = due
        }
        let eager = Limits.Tables.eagerPeriods
        #expect(Array(pauses.prefix(eager.count)) == eager)
        #expect(pauses.dropFirst(eager.count).allSatisfy { $0 >= period.lowerBound })
    }

    /// Nobody looks for others here: that there are none is no reason to hurry.
    @Test func anAnnouncementThatWasStoredIsRepeatedAtTheUsualPace() throws {
        var schedule = schedule()
        schedule.join(topic, announce: true, lookup: false, now: start)
        #expect(!schedule.isSearching)
        schedule.began(topic, ticket(1), now: start)
        let found = schedule.found(ticket(1))
        #expect(found == nil)
        #expect(schedule.announced.isEmpty)
        schedule.finished(ticket(1), summary(acknowledged: 3), now: start)
        #expect(schedule.announced == [topic])
        #expect(try #require(schedule.nextDeadline) - start >= period.lowerBound)
        let wasAnnounced = schedule.leave(topic)
        #expect(wasAnnounced)
        #expect(schedule.nextDeadline == nil)
        let isStillAnnounced = schedule.leave(topic)
        #expect(!isStillAnnounced)
    }

    @Test func anAnnouncementThatNobodyStoredIsRepeatedSoon() throws {
        var schedule = schedule()
        schedule.join(topic, announce: true, lookup: false, now: start)
        schedule.began(topic, ticket(1), now: start)
        schedule.finished(ticket(1), summary(), now: start)
        #expect(schedule.nextDeadline == start + Limits.Tables.eagerPeriods[0])
        let wasAnnounced = schedule.leave(topic)
        #expect(!wasAnnounced)
    }

    @Test func whatIsLeftWhileItRunsIsForgotten() {
        var schedule = schedule()
        schedule.join(topic, announce: true, lookup: true, now: start)
        schedule.began(topic, ticket(1), now: start)
        let wasAnnounced = schedule.leave(topic)
        #expect(!wasAnnounced)
        let found = schedule.found(ticket(1))
        #expect(found == nil)
        schedule.finished(ticket(1), summary(acknowledged: 1), now: start)
        #expect(schedule.nextDeadline == nil)
        #expect(schedule.announced.isEmpty)
    }

    @Test func manyTopicsTakeTurnsAndTheirNumberIsBounded() {
        var schedule = schedule()
        for number in 0..<Limits.Tables.topics + 10 {
            let name = Blake2b.hash32([UInt8(number & 255), UInt8(number >> 8), 7])
            schedule.join(name, announce: false, lookup: true, now: start)
        }
        var begun: Set<Bytes32> = []
        var number: UInt64 = 0
        while let run = schedule.next(now: start) {
            number += 1
            begun.insert(run.topic)
            schedule.began(run.topic, ticket(number), now: start)
        }
        #expect(begun.count == Limits.Tables.runs)
        for number in 1...number { schedule.finished(ticket(number), summary(), now: start) }
        let next = schedule.next(now: start)
        #expect(next.map { !begun.contains($0.topic) } == true)
        let extra = Blake2b.hash32([9])
        let hasRoom = schedule.join(extra, announce: false, lookup: true, now: start)
        #expect(!hasRoom)
    }

    /// After sleep, or in another network, nobody keeps what he was told.
    @Test func whoeverIsLonelyLooksAgainBeforeItIsTime() throws {
        var schedule = schedule()
        schedule.join(topic, announce: false, lookup: true, now: start)
        schedule.began(topic, ticket(1), now: start)
        schedule.lookAgain(now: start)
        #expect(schedule.next(now: start) == nil, "it is looked for just now")
        _ = schedule.found(ticket(1))
        schedule.finished(ticket(1), summary(), now: start)
        #expect(schedule.next(now: start) == nil)
        schedule.lookAgain(now: start)
        #expect(schedule.next(now: start)?.topic == topic)
    }

    @Test func aRestartAsksForEverythingAtOnce() {
        var schedule = schedule()
        schedule.join(topic, announce: true, lookup: true, now: start)
        schedule.began(topic, ticket(1), now: start)
        schedule.finished(ticket(1), summary(acknowledged: 1), now: start)
        let later = start + .seconds(1)
        schedule.restart(now: later)
        #expect(schedule.next(now: later) == .init(topic: topic, announce: true))
    }
}
