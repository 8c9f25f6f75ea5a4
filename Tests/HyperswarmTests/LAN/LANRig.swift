import HyperCrypto
import NIOCore
import TestSupport

@testable import Hyperswarm

/// A network cable with some nodes on it, and a clock that jumps from deadline to deadline.
struct LANRig {
    static let link = LANInterface.Link(interface: 1, isVersion6: false)

    struct Node {
        var core: LANDiscovery
        let address: Endpoint
        var seen: [LANDiscovery.Sighting] = []
    }

    var nodes: [Node] = []
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    /// Every packet that was sent: when, by whom.
    var log: [(at: NIODeadline, node: Int, bytes: [UInt8])] = []
    /// Whether a packet arrives.
    var carries: (_ from: Int, _ to: Int) -> Bool = { _, _ in true }

    static func interface(_ address: String, prefix: Int = 24) throws -> LANInterface {
        let ip = IPAddress(address) ?? .v4(0)
        return LANInterface(
            index: 1, name: "eth0", isLoopback: ip.isLoopback,
            subnets: [.init(address: ip, prefixLength: prefix)])
    }

    /// Adds a node that listens for multicast on this address.
    @discardableResult
    mutating func add(_ address: String, random: any RandomNumberGenerator & Sendable) throws -> Int
    {
        var core = LANDiscovery(random: random, now: now)
        core.use([try Self.interface(address)], now: now)
        let ip = IPAddress(address) ?? .v4(0)
        nodes.append(Node(core: core, address: Endpoint(ip: ip, port: 5353)))
        return nodes.count - 1
    }

    /// Lets everything happen that is due now.
    mutating func settle() {
        var isBusy = true
        while isBusy {
            isBusy = false
            for index in nodes.indices {
                if let due = nodes[index].core.nextDeadline, due <= now {
                    nodes[index].core.advance(to: now)
                }
                for effect in nodes[index].core.takeEffects() {
                    isBusy = true
                    switch effect {
                    case .found(let sighting): nodes[index].seen.append(sighting)
                    case .send(let bytes, let link): deliver(bytes, from: index, on: link)
                    }
                }
            }
        }
    }

    private mutating func deliver(_ bytes: [UInt8], from sender: Int, on link: LANInterface.Link) {
        log.append((now, sender, bytes))
        let source = nodes[sender].address
        for index in nodes.indices where carries(sender, index) {
            bytes.withUnsafeBytes {
                nodes[index].core.receive($0, from: source, on: link, now: now)
            }
        }
    }

    /// Runs the clock.
    mutating func run(for time: TimeAmount) {
        let end = now + time
        settle()
        while let next = nodes.compactMap(\.core.nextDeadline).min(), next <= end {
            now = max(now, next)
            settle()
        }
        now = end
    }
}

/// Gives what it was told to give, then random numbers.
struct MarkerRandom: RandomNumberGenerator, Sendable {
    var bytes: [UInt8]
    var rest: SeededRandom

    mutating func next() -> UInt64 {
        guard !bytes.isEmpty else { return rest.next() }
        // `UInt8.random(in: 0...255)` takes the upper bits of a wide product: the value itself,
        // in whichever byte it is looked for.
        return UInt64(bytes.removeFirst()) &* 0x0101_0101_0101_0101
    }
}
