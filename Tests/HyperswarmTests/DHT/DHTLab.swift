import NIOCore
import TestSupport

@testable import Hyperswarm

/// A few nodes on one clock whose datagrams arrive at once and in order; every one is kept.
final class DHTLab {
    struct Datagram {
        let from: Endpoint
        let to: Endpoint
        let bytes: [UInt8]
    }

    var now = DHTFixtures.start
    private(set) var nodes: [Endpoint: DHTNode] = [:]
    private(set) var log: [Datagram] = []
    private(set) var events: [(at: Endpoint, event: DHTEvent)] = []
    /// As they were added.
    private var order: [Endpoint] = []
    private var seed: UInt64 = 0
    private var wire: [Datagram] = []

    @discardableResult
    func addNode(_ endpoint: Endpoint, _ configuration: DHTNode.Configuration) -> DHTNode {
        seed += 1
        let node = DHTNode(configuration, random: SeededRandom(seed: seed), now: now)
        nodes[endpoint] = node
        order.append(endpoint)
        node.start(now: now)
        settle()
        return node
    }

    /// A persistent node that everybody can find.
    @discardableResult
    func addNode(_ text: String, bootstrap: [String] = [], mode: DHTNode.Mode = .persistent)
        -> DHTNode
    {
        addNode(
            DHTFixtures.endpoint(text),
            .init(bootstrap: bootstrap.map { DHTFixtures.endpoint($0) }, mode: mode))
    }

    /// From somebody who is no node of this lab.
    ///
    /// - Returns: what was sent back there.
    @discardableResult
    func send(_ bytes: [UInt8], from: Endpoint, to: Endpoint) -> [[UInt8]] {
        let before = log.count
        wire.append(Datagram(from: from, to: to, bytes: bytes))
        settle()
        return log[before...].filter { $0.to == from }.map(\.bytes)
    }

    @discardableResult
    func send(_ message: DHTMessage, from: Endpoint, to: Endpoint) -> [DHTMessage] {
        send(message.encoded, from: from, to: to).compactMap { try? DHTFixtures.decode($0) }
    }

    /// Carries everything until nobody has anything to say.
    func settle() {
        repeat {
            collect()
            let arriving = wire
            wire = []
            for datagram in arriving {
                log.append(datagram)
                nodes[datagram.to]?.receive(datagram.bytes, from: datagram.from, now: now)
            }
            collect()
        } while !wire.isEmpty
    }

    func pass(_ time: TimeAmount) {
        let end = now + time
        while let next = nodes.values.compactMap(\.nextDeadline).min(), next <= end {
            now = max(now, next)
            for endpoint in order {
                guard let node = nodes[endpoint], node.nextDeadline.map({ $0 <= now }) ?? false
                else { continue }
                node.advance(to: now)
            }
            settle()
        }
        now = end
    }

    func forget() {
        log = []
        events = []
    }

    private func collect() {
        for endpoint in order {
            for effect in nodes[endpoint]?.takeEffects() ?? [] {
                switch effect {
                case .send(let bytes, let to):
                    wire.append(Datagram(from: endpoint, to: to, bytes: bytes))
                case .event(let event): events.append((endpoint, event))
                }
            }
        }
    }
}
