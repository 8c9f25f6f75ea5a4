import HyperCrypto
import NIOCore
import TestSupport

@testable import Hyperswarm

/// A peer queue behind a reference: expectations may call what changes it.
final class QueueRig {
    private(set) var queue: PeerQueue

    init(seed: UInt64, topic: Bytes32) {
        queue = PeerQueue(random: SeededRandom(seed: seed))
        queue.join(topic)
    }

    var entries: [Swarm.Address: PeerQueue.Entry] { queue.entries }
    var nextDeadline: NIODeadline? { queue.nextDeadline }
    var dialsUnderWay: Int { queue.dialsUnderWay }
    var connectedCount: Int { queue.connectedCount }

    @discardableResult
    func add(_ candidate: Candidate, now: NIODeadline) -> Bool { queue.add(candidate, now: now) }

    @discardableResult
    func keep(_ address: Swarm.Address, now: NIODeadline) -> Bool {
        queue.keep(address, now: now)
    }

    func next(now: NIODeadline) -> Swarm.Address? { queue.next(now: now) }
    func failed(_ address: Swarm.Address, now: NIODeadline) { queue.failed(address, now: now) }
    func connected(_ address: Swarm.Address, isTCP: Bool, now: NIODeadline) {
        queue.connected(address, isTCP: isTCP, now: now)
    }
    func closed(_ address: Swarm.Address, now: NIODeadline) { queue.closed(address, now: now) }
    func accept(_ host: String) -> Bool { queue.accept(host) }
    func left(_ host: String) { queue.left(host) }
    func ban(_ address: Swarm.Address) { queue.ban(address) }
    func rest(_ address: Swarm.Address) { queue.rest(address) }
    func wake(_ address: Swarm.Address) { queue.wake(address) }
    func networkChanged() { queue.networkChanged() }
    func join(_ topic: Bytes32) { queue.join(topic) }
    func leave(_ topic: Bytes32) { queue.leave(topic) }
    func advance(to now: NIODeadline) { queue.advance(to: now) }
}
