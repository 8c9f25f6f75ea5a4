import NIOCore

@testable import Hyperswarm

/// Other traffic on a simulated path, as TCP did it for decades: one packet more for each round
/// trip, half as many after a loss.
final class RenoFlow {
    private let simulation: UTPSimulation
    private var window = 10.0
    private var threshold = Double.infinity
    private var inFlight = 0
    private var halvedAt = NIODeadline.uptimeNanoseconds(0)
    private var roundTrip = TimeAmount.milliseconds(50)
    private(set) var deliveredBytes = 0
    var isStopped = false

    private static let packetBytes = 1448

    init(_ simulation: UTPSimulation) { self.simulation = simulation }

    func begin() { send() }

    private func send() {
        while !isStopped, inFlight < Int(window) {
            inFlight += 1
            let sentAt = simulation.now
            let back = simulation.links[1].delay
            if let arrival = simulation.cross(Self.packetBytes + 24) {
                simulation.at(arrival + back) { [self] in arrived(sentAt) }
            } else {
                // Duplicate acknowledgments tell of it after a round trip.
                simulation.at(sentAt + roundTrip + .milliseconds(1)) { [self] in lost(sentAt) }
            }
        }
    }

    private func arrived(_ sentAt: NIODeadline) {
        inFlight -= 1
        deliveredBytes += Self.packetBytes
        roundTrip = simulation.now - sentAt
        window += window < threshold ? 1 : 1 / window
        send()
    }

    private func lost(_ sentAt: NIODeadline) {
        inFlight -= 1
        if sentAt > halvedAt {
            halvedAt = simulation.now
            window = max(2, window / 2)
            threshold = window
        }
        send()
    }
}
