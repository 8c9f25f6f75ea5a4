import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct PeerQueueTests {
    private let topic = Blake2b.hash32([1])
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func queue(seed: UInt64 = 1) -> QueueRig { QueueRig(seed: seed, topic: topic) }

    private func address(_ index: Int, host: String? = nil) -> Swarm.Address {
        Swarm.Address(host: host ?? "10.0.\(index >> 8).\(index & 255)", port: 1000 + index)
    }

    private func candidate(
        _ index: Int, _ origin: Swarm.PeerOrigin = .lan, host: String? = nil,
        marker: Bytes32? = nil, isOurs: Bool = false
    ) -> Candidate {
        Candidate(
            address: address(index, host: host), origin: origin, topic: topic, marker: marker,
            isBehindOurAddress: isOurs)
    }

    private func seconds(_ from: NIODeadline, _ to: NIODeadline) -> Double {
        Double((to - from).nanoseconds) / 1e9
    }

    @Test func theLANComesFirstAndOurOwnAddressLast() {
        let queue = queue()
        queue.add(candidate(1, .dht, isOurs: true), now: start)
        queue.add(candidate(2, .dht), now: start)
        queue.add(candidate(3, .lan), now: start)
        let order = (0..<3).compactMap { _ in queue.next(now: start)?.port }
        #expect(order == [1003, 1002, 1001])
        #expect(queue.next(now: start) == nil)
    }

    @Test func aFailedPeerIsTriedFourTimesThenForgottenAndMayComeBack() throws {
        var random = SeededRandom.announced()
        for _ in 0..<50 {
            let queue = queue(seed: random.next())
            var now = start
            #expect(queue.add(candidate(1), now: now))
            for (low, high) in [(0.66, 1.32), (3.3, 6.6), (9.9, 19.8), (4.95, 9.9)] {
                let dialed = try #require(queue.next(now: now))
                queue.failed(dialed, now: now)
                #expect(queue.next(now: now) == nil)
                let due = try #require(queue.nextDeadline)
                #expect(seconds(now, due) >= low - 1e-6 && seconds(now, due) <= high + 1e-6)
                #expect(!queue.add(candidate(1), now: now), "known")
                now = due
                queue.advance(to: now)
            }
            #expect(queue.entries.isEmpty && queue.nextDeadline == nil)
            #expect(queue.add(candidate(1), now: now), "found anew")
        }
    }

    @Test func aGivenPeerIsTriedForEver() throws {
        let queue = queue()
        var now = start
        #expect(queue.keep(address(1), now: now))
        #expect(!queue.keep(address(1), now: now))
        var waits: [Double] = []
        for _ in 0..<20 {
            let dialed = try #require(queue.next(now: now))
            queue.failed(dialed, now: now)
            let due = try #require(queue.nextDeadline)
            waits.append(seconds(now, due))
            now = due
            queue.advance(to: now)
        }
        #expect(waits.allSatisfy { $0 <= 19.8 + 1e-6 })
        #expect(waits.dropFirst(2).allSatisfy { $0 >= 9.9 - 1e-6 })
        // It succeeds and is lost: from the beginning.
        let dialed = try #require(queue.next(now: now))
        queue.connected(dialed, isTCP: true, now: now)
        queue.closed(dialed, now: now)
        #expect(seconds(now, try #require(queue.nextDeadline)) < 2)
    }

    @Test func fewDialsAtATimeAndFewerToOneHost() {
        let queue = queue()
        for index in 0..<20 { queue.add(candidate(index, host: "10.0.0.1"), now: start) }
        #expect(queue.next(now: start) != nil && queue.next(now: start) != nil)
        #expect(queue.next(now: start) == nil)
        for index in 20..<40 { queue.add(candidate(index), now: start) }
        for _ in 2..<Limits.Queue.dialsMax { #expect(queue.next(now: start) != nil) }
        #expect(queue.next(now: start) == nil)
        #expect(queue.dialsUnderWay == Limits.Queue.dialsMax)
    }

    @Test func connectionsAreCountedInAllAndPerHost() throws {
        let queue = queue()
        for index in 0..<200 { queue.add(candidate(index), now: start) }
        while let dialed = queue.next(now: start) {
            queue.connected(dialed, isTCP: true, now: start)
        }
        #expect(queue.connectedCount == Limits.Queue.clientsMax)
        // Given by hand it comes on top.
        queue.keep(address(9999), now: start)
        #expect(queue.next(now: start) == address(9999))
        for _ in 0..<Limits.Own.connectionsPerHostMax { #expect(queue.accept("10.9.9.9")) }
        #expect(!queue.accept("10.9.9.9"))
        var accepted = 0
        while queue.accept("10.8.\(accepted >> 8).\(accepted & 255)") { accepted += 1 }
        #expect(queue.connectedCount + queue.dialsUnderWay == Limits.Own.connectionsMax)
        queue.left("10.9.9.9")
        #expect(queue.accept("10.9.9.9"))
    }

    @Test func nobodyIsDialedForATopicThatWasLeft() {
        let queue = queue()
        queue.add(candidate(1), now: start)
        queue.leave(topic)
        #expect(queue.next(now: start) == nil)
        #expect(queue.entries.isEmpty)
        #expect(!queue.add(candidate(2), now: start))
    }

    @Test func aFurtherTopicIsNoFurtherConnection() throws {
        let queue = queue()
        let second = Blake2b.hash32([2])
        queue.join(second)
        queue.add(candidate(1), now: start)
        var other = candidate(1)
        other.topic = second
        #expect(!queue.add(other, now: start))
        queue.leave(topic)
        #expect(queue.next(now: start) == address(1), "the second topic still wants it")
        #expect(queue.next(now: start) == nil)
    }

    @Test func aFloodFromOneSourceLeavesRoomForOthers() {
        let queue = queue()
        for index in 0..<5000 { queue.add(candidate(index, .dht), now: start) }
        #expect(queue.entries.count == Limits.Queue.candidatesPerOrigin)
        #expect(queue.add(candidate(6000, .lan), now: start))
        #expect(queue.keep(address(6001), now: start))
    }

    @Test func otherAddressesOfAPeerWaitForTheFirst() throws {
        let queue = queue()
        let marker = Blake2b.hash32([3])
        queue.add(candidate(1, marker: marker), now: start)
        queue.add(candidate(2, marker: marker), now: start)
        let first = try #require(queue.next(now: start))
        #expect(queue.next(now: start) == nil)
        #expect(queue.nextDeadline == start + Limits.Queue.aliasDelay)
        // The first one fails: the other has its turn at once.
        queue.failed(first, now: start)
        let second = try #require(queue.next(now: start))
        #expect(second != first)
        // Nobody can keep the true owner of a marker away by claiming it first, only for a while.
        queue.connected(second, isTCP: true, now: start)
        let later = start + Limits.Queue.aliasDelay
        queue.advance(to: later)
        #expect(queue.next(now: later) == first)
    }

    @Test func aNewProcessAtAnOldAddressIsDialedAnew() throws {
        let queue = queue()
        queue.add(candidate(1, marker: Blake2b.hash32([3])), now: start)
        var now = start
        for _ in 0..<3 {
            queue.failed(try #require(queue.next(now: now)), now: now)
            now = try #require(queue.nextDeadline)
            queue.advance(to: now)
        }
        queue.failed(try #require(queue.next(now: now)), now: now)
        queue.add(candidate(1, marker: Blake2b.hash32([4])), now: now)
        // Not at once, though: else a liar makes us dial without a pause.
        #expect(queue.next(now: now) == nil)
        now = now + Limits.Queue.attemptPause
        queue.advance(to: now)
        #expect(queue.next(now: now) == address(1))
    }

    @Test func aBannedAddressNeverComesBackAndADuplicateRests() throws {
        let queue = queue()
        queue.add(candidate(1), now: start)
        let dialed = try #require(queue.next(now: start))
        queue.connected(dialed, isTCP: true, now: start)
        queue.ban(dialed)
        queue.closed(dialed, now: start)
        let later = start + .hours(1)
        queue.advance(to: later)
        #expect(!queue.add(candidate(1, marker: topic), now: later))
        #expect(queue.next(now: later) == nil)

        queue.add(candidate(2), now: later)
        let second = try #require(queue.next(now: later))
        queue.connected(second, isTCP: true, now: later)
        queue.rest(second)
        queue.closed(second, now: later)
        #expect(queue.nextDeadline == nil && queue.next(now: later) == nil)
        queue.wake(second)
        #expect(queue.next(now: later) == second)
    }

    @Test func bansAreBounded() {
        let queue = queue()
        for index in 0..<3000 {
            queue.add(candidate(index), now: start)
            queue.ban(address(index))
        }
        #expect(queue.entries.count <= Limits.Queue.bannedMax)
        #expect(queue.entries[address(2999)] != nil)
    }

    @Test func onAnotherNetworkEverybodyIsDialedAtOnceButTheBanned() throws {
        let queue = queue()
        for index in 1...3 { queue.add(candidate(index, .dht), now: start) }
        for _ in 1...3 { _ = try #require(queue.next(now: start)) }
        queue.failed(address(1), now: start)
        queue.ban(address(2))
        queue.connected(address(3), isTCP: true, now: start)
        #expect(queue.next(now: start) == nil)
        queue.networkChanged()
        #expect(queue.next(now: start) == address(1))
        #expect(queue.next(now: start) == nil)
        queue.closed(address(3), now: start)
        queue.networkChanged()
        #expect(queue.next(now: start) == address(3))
    }

    /// Its old address is lost: the new one, heard of a moment ago, does not wait any longer.
    @Test func aPeerThatMovedIsDialedAtOnce() throws {
        let queue = QueueRig(seed: 1, topic: topic)
        let marker = Blake2b.hash32([7])
        let old = Swarm.Address(host: "10.1.1.1", port: 1000)
        let new = Swarm.Address(host: "10.1.1.99", port: 1000)
        for address in [old, new] {
            queue.add(
                Candidate(address: address, origin: .lan, topic: topic, marker: marker),
                now: start)
            if address == old {
                #expect(queue.next(now: start) == old)
                queue.connected(old, isTCP: true, now: start)
            }
        }
        #expect(queue.next(now: start) == nil)
        let later = start + .seconds(1)
        queue.closed(old, now: later)
        #expect(queue.next(now: later) == new)
    }
}
