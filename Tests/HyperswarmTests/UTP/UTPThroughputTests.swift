import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

/// How much of a path is used, on the virtual clock: these numbers do not depend on the machine.
@Suite(.timeLimit(.minutes(1)))
struct UTPThroughputTests {
    /// Bytes per second that arrive between `from` and `to` seconds after the dial.
    private func speed(
        _ link: VirtualLink, from: Int64, to: Int64, _ random: SeededRandom
    ) -> (speed: Double, simulation: UTPSimulation) {
        let payload = [UInt8](repeating: 7, count: 64 << 20)
        let transfer = UTPTransfer(link, payload: payload, keepsBytes: false, random: random)
        transfer.begin()
        transfer.simulation.run(for: .seconds(from))
        let before = transfer.counts[1]
        transfer.simulation.run(for: .seconds(to - from))
        let bytes = transfer.counts[1] - before
        return (Double(bytes) / Double(to - from), transfer.simulation)
    }

    @Test(arguments: [0.0, 0.01])
    func fillsALinkOf50Milliseconds(loss: Double) {
        let random = SeededRandom.announced()
        var link = VirtualLink(bytesPerSecond: 2.5e6)
        link.loss = loss
        let (speed, simulation) = speed(link, from: 1, to: 8, random)
        print("50 ms, 20 Mbit/s, loss \(loss): \(Int(speed / 1000)) kB/s")
        // The headers of IP, UDP and uTP take 3.4 %.
        #expect(speed > 0.8 * link.bytesPerSecond)
        #expect(simulation.links[0].droppedByQueue == 0)
    }
}
