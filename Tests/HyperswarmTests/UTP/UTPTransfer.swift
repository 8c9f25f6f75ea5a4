import NIOCore
import TestSupport

@testable import Hyperswarm

/// A transfer over a simulated path: both ends, and what arrived.
final class UTPTransfer {
    let simulation: UTPSimulation
    private(set) var received: [[UInt8]] = [[], []]
    /// How much arrived, also where the bytes are not kept.
    private(set) var counts = [0, 0]
    private(set) var ended = [false, false]
    private(set) var closed: [UTPError??] = [nil, nil]
    private(set) var connections: [UTPConnection?] = [nil, nil]
    /// What each side still has to say.
    private var left: [ArraySlice<UInt8>]
    private let keepsBytes: Bool

    /// The left side dials and sends `payload`, the right one sends `answer`; both end then.
    init(
        _ link: VirtualLink, payload: [UInt8], answer: [UInt8] = [], keepsBytes: Bool = true,
        random: SeededRandom
    ) {
        simulation = UTPSimulation(link, random: random)
        left = [payload[...], answer[...]]
        self.keepsBytes = keepsBytes
        simulation.onNews = { [unowned self] in noticed($0, $1, $2) }
    }

    static func random(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { random.fill($0) }
        return bytes
    }

    func begin() { _ = simulation.dial() }

    private func noticed(
        _ side: UTPSimulation.Side, _ connection: UTPConnection, _ news: UTPConnection.News
    ) {
        let index = side.rawValue
        connections[index] = connection
        connection.answersEnd = false
        if news.contains(.received) {
            let bytes = connection.takeReceived()
            counts[index] += bytes.count
            if keepsBytes { received[index] += bytes }
        }
        if news.contains(.opened) || news.contains(.writable) { feed(index, connection) }
        if news.contains(.ended) { ended[index] = true }
        if news.contains(.closed) { closed[index] = .some(connection.failure) }
    }

    private func feed(_ index: Int, _ connection: UTPConnection) {
        while connection.isWritable, !left[index].isEmpty {
            connection.write(ByteBuffer(bytes: left[index].prefix(64 << 10)))
            left[index] = left[index].dropFirst(64 << 10)
        }
        if left[index].isEmpty { connection.finish() }
    }

    /// Whether the right side has all of it. Asked here: the macros look for the difference, and
    /// that of millions of bytes takes minutes.
    func hasReceived(_ payload: [UInt8]) -> Bool { received[1] == payload }

    var isOver: Bool { closed[0] != nil && closed[1] != nil }
    var isInGoodOrder: Bool { closed[0] == .some(.none) && closed[1] == .some(.none) }
}
