import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

/// Two of our ends over bad paths: every byte arrives, once and in order.
@Suite(.timeLimit(.minutes(1)))
struct UTPTransferTests {
    struct Path: CustomTestStringConvertible {
        let testDescription: String
        let link: VirtualLink

        init(_ name: String, _ change: (inout VirtualLink) -> Void) {
            testDescription = name
            var link = VirtualLink()
            link.bytesPerSecond = 2e6
            change(&link)
            self.link = link
        }
    }

    static let paths = [
        Path("good") { _ in },
        Path("1 % loss") { $0.loss = 0.01 },
        Path("5 % loss") { $0.loss = 0.05 },
        Path("12 % loss") { $0.loss = 0.12 },
        Path("20 % reordering") { $0.reordering = 0.2 },
        Path("10 % duplicates") { $0.duplication = 0.1 },
        Path("a short queue") { $0.queueBytes = 12_000 },
        Path("a tunnel") { $0.datagramBytes = 1300 },
        Path("no delay") {
            $0.delay = .microseconds(50)
            $0.bytesPerSecond = 100e6
        },
        Path("half a second") { $0.delay = .milliseconds(250) },
        Path("everything") {
            $0.loss = 0.03
            $0.reordering = 0.1
            $0.duplication = 0.05
            $0.queueBytes = 60_000
            $0.datagramBytes = 1300
        },
    ]

    @Test(arguments: paths)
    func everyByteArrivesBothWays(path: Path) throws {
        var random = SeededRandom.announced("everyByteArrivesBothWays, \(path.testDescription)")
        let there = UTPTransfer.random(700_000, &random)
        let back = UTPTransfer.random(300_000, &random)
        let transfer = UTPTransfer(path.link, payload: there, answer: back, random: random)
        transfer.begin()
        transfer.simulation.run(for: .minutes(5)) { transfer.isOver }
        #expect(transfer.isInGoodOrder)
        let isSame = transfer.received[1] == there && transfer.received[0] == back
        #expect(isSame)
        transfer.simulation.run(for: .minutes(1))
        #expect(transfer.simulation.sockets.allSatisfy { $0.count == 0 })
        #expect(transfer.simulation.sockets.allSatisfy { $0.memory.reorderBytes == 0 })
    }

    @Test func numbersWrapAround() throws {
        var random = SeededRandom.announced()
        var link = VirtualLink()
        link.bytesPerSecond = 20e6
        link.loss = 0.01
        link.queueBytes = 1 << 20
        // More than 65536 packets would take long here: begin shortly before the wrap instead.
        for begin in [65_535, 65_530, 65_000, 32_760] as [UInt16] {
            let payload = UTPTransfer.random(1_500_000, &random)
            let transfer = UTPTransfer(link, payload: payload, random: random)
            transfer.simulation.sockets[0].random = DrawnNumbers(
                numbers: [65_535, UInt64(begin), 1, UInt64(begin)])
            transfer.simulation.sockets[1].random = DrawnNumbers(numbers: [UInt64(begin)])
            transfer.begin()
            transfer.simulation.run(for: .minutes(2)) { transfer.isOver }
            #expect(transfer.isInGoodOrder)
            #expect(transfer.hasReceived(payload))
        }
    }

    /// A transfer that needs two seconds, after one.
    private func halfWay(_ test: String = #function) -> (UTPTransfer, payload: [UInt8]) {
        var random = SeededRandom.announced(test)
        let payload = UTPTransfer.random(2_000_000, &random)
        let transfer = UTPTransfer(
            VirtualLink(bytesPerSecond: 1e6), payload: payload, random: random)
        transfer.begin()
        transfer.simulation.run(for: .seconds(1))
        return (transfer, payload)
    }

    @Test func aPathThatDiesEndsTheConnection() throws {
        let (transfer, _) = halfWay()
        transfer.simulation.links[0].loss = 1
        transfer.simulation.links[1].loss = 1
        transfer.simulation.run(for: .seconds(40))
        #expect(transfer.closed[0] == .some(.timedOut))
        transfer.simulation.run(for: .seconds(60))
        #expect(transfer.closed[1] == .some(.timedOut), "nothing to send, but nothing comes")
        #expect(transfer.simulation.sockets.allSatisfy { $0.count == 0 })
    }

    @Test func anIdleConnectionStaysAliveAndItsDeathIsNoticed() throws {
        let random = SeededRandom.announced()
        let simulation = UTPSimulation(VirtualLink(), random: random)
        var closed = 0
        simulation.onNews = { _, _, news in if news.contains(.closed) { closed += 1 } }
        let connection = try #require(simulation.dial())
        connection.write(ByteBuffer(string: "hello"))
        simulation.touch(.left, connection)
        simulation.run(for: .minutes(10))
        #expect(closed == 0)
        let perMinute = simulation.datagramCount / 10
        #expect((3...14).contains(perMinute), "\(perMinute) datagrams a minute")
        simulation.links[0].loss = 1
        simulation.run(for: .seconds(150))
        #expect(closed == 2)
    }

    @Test func aShortOutageIsSurvived() throws {
        let (transfer, payload) = halfWay()
        transfer.simulation.links[0].loss = 1
        transfer.simulation.run(for: .seconds(8))
        transfer.simulation.links[0].loss = 0
        transfer.simulation.run(for: .seconds(30)) { transfer.isOver }
        #expect(transfer.isInGoodOrder)
        #expect(transfer.hasReceived(payload))
    }
}
