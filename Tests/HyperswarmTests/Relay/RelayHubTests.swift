import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct RelayHubTests {
    private final class Rig {
        var hub: RelayHub
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var effects: [RelayHub.Effect] = []

        init(_ grants: RelayHub.Grants = .init()) { hub = RelayHub(grants) }

        func open(_ id: RelayHub.ID, _ host: String = "192.0.2.1") -> Bool {
            let isOpen = hub.opened(id, from: host, now: now)
            effects = hub.takeEffects()
            return isOpen
        }

        func say(_ id: RelayHub.ID, _ bytes: [UInt8]) {
            hub.received(ByteBuffer(bytes: bytes), from: id, now: now)
            effects = hub.takeEffects()
        }

        func close(_ id: RelayHub.ID) {
            hub.closed(id)
            effects = hub.takeEffects()
        }

        func full(_ id: RelayHub.ID, _ isFull: Bool) {
            hub.full(id, isFull)
            effects = hub.takeEffects()
        }

        func pass(_ time: TimeAmount) {
            now = now + time
            hub.advance(to: now)
            effects = hub.takeEffects()
        }
    }

    private let place = RelayRequest.place(of: Blake2b.hash32([1]))

    private func request(
        _ kind: RelayRequest.Kind, asker: UInt8, place: Bytes32? = nil
    ) -> [UInt8] {
        RelayRequest(
            kind, asker: [UInt8](repeating: asker, count: 16), place: place ?? self.place
        ).encoded
    }

    private func bytes(_ bytes: [UInt8]) -> ByteBuffer { ByteBuffer(bytes: bytes) }

    /// 1 waits, 2 has called.
    private func pair(_ grants: RelayHub.Grants = .init()) -> Rig {
        let rig = Rig(grants)
        _ = rig.open(1, "192.0.2.1")
        rig.say(1, request(.wait, asker: 1))
        _ = rig.open(2, "192.0.2.2")
        rig.say(2, request(.call, asker: 2))
        return rig
    }

    @Test func aCallerMeetsWhoWaitsAndTheirBytesCross() {
        let rig = Rig()
        #expect(rig.open(1))
        rig.say(1, request(.wait, asker: 1))
        #expect(rig.effects == [.send(1, [0x10])])
        #expect(rig.open(2))
        // In pieces.
        let call = request(.call, asker: 2)
        rig.say(2, Array(call.prefix(10)))
        #expect(rig.effects.isEmpty)
        rig.say(2, Array(call.dropFirst(10)))
        #expect(Set(rig.effects) == [.send(1, [0]), .send(2, [0])])
        #expect(rig.hub.pairCount == 1 && rig.hub.waitCount == 0)
        rig.say(1, [1, 2, 3])
        #expect(rig.effects == [.forward(to: 2, bytes([1, 2, 3]))])
        rig.say(2, [4])
        #expect(rig.effects == [.forward(to: 1, bytes([4]))])
        rig.close(2)
        #expect(rig.effects == [.close(1)])
        #expect(rig.hub.count == 0 && rig.hub.pairCount == 0)
    }

    @Test func nobodyIsConnectedToHimselfOrToAnotherPlace() {
        let rig = Rig()
        _ = rig.open(1)
        rig.say(1, request(.wait, asker: 1))
        _ = rig.open(2)
        rig.say(2, request(.call, asker: 1))
        #expect(rig.effects == [.send(2, [1]), .close(2)])
        _ = rig.open(3)
        let elsewhere = RelayRequest.place(of: Blake2b.hash32([2]))
        rig.say(3, request(.call, asker: 3, place: elsewhere))
        #expect(rig.effects == [.send(3, [1]), .close(3)])
        #expect(rig.hub.waitCount == 1)
    }

    @Test func theLongestWaitIsServedFirst() {
        let rig = Rig()
        for id in 1...3 as ClosedRange<RelayHub.ID> {
            _ = rig.open(id)
            rig.say(id, request(.wait, asker: UInt8(id)))
        }
        rig.close(1)
        _ = rig.open(9)
        rig.say(9, request(.call, asker: 9))
        rig.say(9, [7])
        #expect(rig.effects == [.forward(to: 2, bytes([7]))])
    }

    @Test(arguments: [
        Array("GET / HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nUser-Agent: a scanner\r\n\r\n".utf8),
        [UInt8](repeating: 0, count: 64), [UInt8](repeating: 0xff, count: 5000),
    ])
    func whoSpeaksSomethingElseIsShownOut(text: [UInt8]) {
        let rig = Rig()
        _ = rig.open(1)
        rig.say(1, text)
        #expect(rig.effects == [.send(1, [3]), .close(1)])
        #expect(rig.hub.count == 0)
    }

    @Test func whoSaysMoreBeforeTheAnswerIsShownOut() {
        let rig = Rig()
        _ = rig.open(1)
        rig.say(1, request(.wait, asker: 1) + [0])
        #expect(rig.effects == [.send(1, [3]), .close(1)])
        _ = rig.open(2)
        rig.say(2, request(.wait, asker: 1))
        rig.say(2, [0])
        #expect(rig.effects == [.close(2)])
        #expect(rig.hub.waitCount == 0)
    }

    @Test func whoIsTooFastIsReadLater() {
        let rig = pair()
        let burst = [UInt8](repeating: 1, count: Limits.Relay.burstBytes)
        rig.say(1, burst)
        #expect(rig.effects == [.forward(to: 2, bytes(burst))])
        let second = [UInt8](repeating: 2, count: Limits.Relay.bytesPerSecond)
        rig.say(1, second)
        #expect(rig.effects == [.forward(to: 2, bytes(second)), .read(1, false)])
        // The other direction is not touched.
        rig.say(2, [1])
        #expect(rig.effects == [.forward(to: 1, bytes([1]))])
        rig.pass(.milliseconds(900))
        #expect(rig.effects.isEmpty)
        rig.pass(.milliseconds(200))
        #expect(rig.effects == [.read(1, true)])
    }

    @Test func whoDoesNotReadStopsTheOtherSideOnly() {
        let rig = pair()
        rig.full(2, true)
        #expect(rig.effects == [.read(1, false)])
        rig.full(2, true)
        #expect(rig.effects.isEmpty)
        rig.full(2, false)
        #expect(rig.effects == [.read(1, true)])
    }

    @Test func aPairHasItsShareOfBytes() {
        var grants = RelayHub.Grants()
        grants.pairBytes = 100
        let rig = pair(grants)
        rig.say(1, [UInt8](repeating: 0, count: 50))
        #expect(rig.effects.count == 1)
        rig.say(1, [0])
        #expect(Set(rig.effects) == [.close(1), .close(2)])
        #expect(rig.hub.pairCount == 0)
    }

    @Test func whoWaitsIsKeptAliveAndWhoIsSilentEnds() {
        let rig = Rig()
        _ = rig.open(1)
        rig.say(1, request(.wait, asker: 1))
        _ = rig.open(2)
        rig.pass(Limits.Relay.requestTime)
        #expect(rig.effects == [.close(2)])
        rig.pass(Limits.Relay.keepAlive)
        #expect(rig.effects == [.send(1, [0x10])])
        let paired = pair()
        paired.pass(Limits.Relay.idleTime - .seconds(1))
        #expect(paired.effects.isEmpty)
        paired.say(1, [1])
        paired.pass(.seconds(2))
        #expect(paired.effects.isEmpty)
        paired.pass(Limits.Relay.idleTime)
        #expect(Set(paired.effects) == [.close(1), .close(2)])
    }

    @Test func aHostHasItsShareOfWaitsAndPairs() {
        let rig = Rig()
        let share = RelayHub.ID(Limits.Relay.waitsPerHost)
        for id in 1...share {
            _ = rig.open(id)
            rig.say(id, request(.wait, asker: 1))
        }
        _ = rig.open(share + 1)
        rig.say(share + 1, request(.wait, asker: 1))
        #expect(rig.effects == [.send(share + 1, [2]), .close(share + 1)])
        for id in 1...RelayHub.ID(Limits.Relay.pairsPerHost) {
            _ = rig.open(1000 + id, "192.0.2.2")
            rig.say(1000 + id, request(.call, asker: 2))
        }
        #expect(rig.hub.pairCount == Limits.Relay.pairsPerHost)
        _ = rig.open(2000, "192.0.2.3")
        rig.say(2000, request(.call, asker: 3))
        #expect(rig.effects == [.send(2000, [2]), .close(2000)])
    }

    @Test func strangersWithoutARequestAreBounded() {
        let rig = Rig()
        for id in 1...RelayHub.ID(Limits.Relay.pending) {
            let isOpen = rig.open(id)
            #expect(isOpen)
        }
        let isOpen = rig.open(9999)
        #expect(!isOpen)
        rig.close(9999)
        rig.close(1)
        let hasRoom = rig.open(10000)
        #expect(hasRoom)
    }

    /// Anything in any order: counts stay true, and nothing is left at the end.
    @Test func whateverHappensItsBooksBalance() {
        var random = SeededRandom.announced()
        let rig = Rig()
        var open: [RelayHub.ID] = []
        for step in 1...4000 {
            let id = RelayHub.ID(step)
            let chosen = open.randomElement(using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1: if rig.open(id, "192.0.2.\(step % 9)") { open.append(id) }
            case 2:
                let kind: RelayRequest.Kind = Bool.random(using: &random) ? .wait : .call
                let name = RelayRequest.place(of: Blake2b.hash32([UInt8(step % 3)]))
                let asker = UInt8(step % 5)
                if let chosen { rig.say(chosen, request(kind, asker: asker, place: name)) }
            case 3: if let chosen { rig.say(chosen, [UInt8](repeating: 1, count: step % 99)) }
            case 4: if let chosen { rig.full(chosen, Bool.random(using: &random)) }
            case 5: if let chosen { rig.close(chosen) }
            default: rig.pass(.milliseconds(Int64.random(in: 0...3000, using: &random)))
            }
            for case .close(let gone) in rig.effects { open.removeAll { $0 == gone } }
            if let chosen, !open.contains(chosen) { rig.close(chosen) }
            open.removeAll { id in rig.effects.contains(.close(id)) }
            #expect(rig.hub.waitCount >= 0 && rig.hub.pairCount >= 0)
            #expect(rig.hub.waitCount + 2 * rig.hub.pairCount <= rig.hub.count)
        }
        for id in open { rig.close(id) }
        rig.pass(.minutes(10))
        rig.pass(.minutes(10))
        for id in 1...4000 as ClosedRange<RelayHub.ID> { rig.close(id) }
        #expect(rig.hub.count == 0 && rig.hub.waitCount == 0 && rig.hub.pairCount == 0)
    }
}
