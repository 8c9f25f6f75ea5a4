import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

/// How a path is used, alone and beside others. On the virtual clock: these numbers do not depend
/// on the machine.
@Suite(.timeLimit(.minutes(1)))
struct UTPThroughputTests {
    private static let speed = 2.5e6

    private func transfer(_ link: VirtualLink, _ random: SeededRandom) -> UTPTransfer {
        let payload = [UInt8](repeating: 7, count: 64 << 20)
        let transfer = UTPTransfer(link, payload: payload, keepsBytes: false, random: random)
        transfer.begin()
        return transfer
    }

    /// Bytes per second that arrive during a time.
    private func speed(of transfer: UTPTransfer, for seconds: Int64) -> Double {
        let before = transfer.counts[1]
        transfer.simulation.run(for: .seconds(seconds))
        return Double(transfer.counts[1] - before) / Double(seconds)
    }

    @Test(arguments: [0.0, 0.01])
    func fillsALinkOf50Milliseconds(loss: Double) {
        let random = SeededRandom.announced()
        var link = VirtualLink(bytesPerSecond: Self.speed)
        link.loss = loss
        let transfer = transfer(link, random)
        transfer.simulation.run(for: .seconds(1))
        let speed = speed(of: transfer, for: 7)
        print("50 ms, 20 Mbit/s, loss \(loss): \(Int(speed / 1000)) kB/s")
        // The headers of IP, UDP and uTP take 3.4 %.
        #expect(speed > 0.8 * Self.speed)
        #expect(transfer.simulation.links[0].droppedByQueue == 0)
    }

    @Test func aLossyLinkDoesNotMakeItCollapseAsReno() {
        let random = SeededRandom.announced()
        var link = VirtualLink(bytesPerSecond: Self.speed)
        link.loss = 0.01
        let alone = UTPSimulation(link, random: random)
        let reno = RenoFlow(alone)
        reno.begin()
        alone.run(for: .seconds(8))
        let transfer = transfer(link, random)
        transfer.simulation.run(for: .seconds(8))
        print("Reno \(reno.deliveredBytes / 8000) kB/s, ours \(transfer.counts[1] / 8000) kB/s")
        #expect(transfer.counts[1] > 3 * reno.deliveredBytes)
    }

    @Test func itsQueueStaysShort() {
        let random = SeededRandom.announced()
        var link = VirtualLink(bytesPerSecond: Self.speed)
        link.queueBytes = 4 << 20
        let transfer = transfer(link, random)
        transfer.simulation.run(for: .seconds(2))
        var longest = 0
        for _ in 0..<100 {
            transfer.simulation.run(for: .milliseconds(50))
            let now = transfer.simulation.now
            longest = max(longest, transfer.simulation.links[0].queued(at: now))
        }
        let milliseconds = Double(longest) / Self.speed * 1000
        print("standing queue at most \(Int(milliseconds)) ms of room for 1600")
        #expect(milliseconds < 80)
    }

    @Test func itYieldsToOthersAndComesBack() {
        let random = SeededRandom.announced()
        let transfer = transfer(VirtualLink(bytesPerSecond: Self.speed), random)
        transfer.simulation.run(for: .seconds(3))
        let reno = RenoFlow(transfer.simulation)
        reno.begin()
        transfer.simulation.run(for: .seconds(3))
        let before = reno.deliveredBytes
        let beside = speed(of: transfer, for: 6)
        let share = Double(reno.deliveredBytes - before) / 6 / Self.speed
        print("TCP gets \(Int(share * 100)) % beside it")
        #expect(share > 0.75)
        #expect(beside > 1000, "it does not starve altogether")
        reno.isStopped = true
        transfer.simulation.run(for: .seconds(3))
        #expect(speed(of: transfer, for: 3) > 0.8 * Self.speed)
    }
}
