import HyperCrypto
import Synchronization

@testable import Hyperswarm

/// As much of BitTorrent as it takes to fetch a file: a stranger's program at the other end of a
/// connection of ours.
final class BitTorrentLeech: Swarm.Handler {
    private struct State {
        var buffer: [UInt8] = []
        var hasHandshake = false
        var next = 0
        var isUnchoked = false
        var file: [UInt8] = []
        var received = 0
        var transports: [Swarm.Transport] = []
        var greeting: [UInt8] = []
    }

    private let infoHash: [UInt8]
    private let fileBytes: Int
    private let pieceBytes: Int
    private let state: Mutex<State>
    private static let blockBytes = 16 << 10
    /// Requests on their way.
    private static let window = 64

    init(infoHash: [UInt8], fileBytes: Int, pieceBytes: Int) {
        self.infoHash = infoHash
        self.fileBytes = fileBytes
        self.pieceBytes = pieceBytes
        state = Mutex(State(file: [UInt8](repeating: 0, count: fileBytes)))
    }

    var file: [UInt8] { state.withLock { $0.file } }
    var isComplete: Bool { state.withLock { $0.received >= fileBytes } }
    var transports: [Swarm.Transport] { state.withLock { $0.transports } }
    /// The first bytes that came.
    var greeting: [UInt8] { state.withLock { $0.greeting } }

    func opened(_ connection: Swarm.Connection) {
        state.withLock { $0.transports.append(connection.transport) }
        let name = Array("BitTorrent protocol".utf8)
        let peer = [UInt8](repeating: UInt8(ascii: "x"), count: 20)
        connection.send(
            [19] + name + [UInt8](repeating: 0, count: 8) + infoHash + peer)
    }

    func received(_ bytes: UnsafeRawBufferPointer, on connection: Swarm.Connection) {
        let answer = state.withLock { state -> [UInt8] in
            state.buffer += bytes
            if state.greeting.count < 20 { state.greeting += bytes.prefix(20) }
            return digest(&state)
        }
        connection.send(answer)
    }

    private func digest(_ state: inout State) -> [UInt8] {
        var answer: [UInt8] = []
        var place = 0
        if !state.hasHandshake {
            guard state.buffer.count >= 68 else { return [] }
            state.hasHandshake = true
            place = 68
            // Interested.
            answer += [0, 0, 0, 1, 2]
        }
        while state.buffer.count - place >= 4 {
            let length = Self.number(state.buffer[place...])
            guard state.buffer.count - place >= 4 + length else { break }
            let message = state.buffer[(place + 4)..<(place + 4 + length)]
            place += 4 + length
            take(message, &state)
        }
        state.buffer.removeFirst(place)
        guard state.isUnchoked else { return answer }
        while state.next < fileBytes,
            state.next - state.received < Self.window * Self.blockBytes
        {
            let length = min(Self.blockBytes, fileBytes - state.next)
            answer += [0, 0, 0, 13, 6]
            for value in [state.next / pieceBytes, state.next % pieceBytes, length] {
                withUnsafeBytes(of: UInt32(value).bigEndian) { answer += $0 }
            }
            state.next += length
        }
        return answer
    }

    private func take(_ message: ArraySlice<UInt8>, _ state: inout State) {
        switch message.first {
        case 0:
            // What was asked for is forgotten there, and asked for again.
            state.isUnchoked = false
            state.next = state.received
        case 1: state.isUnchoked = true
        case 7:
            let body = message.dropFirst()
            let start =
                Self.number(body) * pieceBytes + Self.number(body.dropFirst(4))
            let block = body.dropFirst(8)
            guard start >= 0, start + block.count <= fileBytes else { return }
            state.file.replaceSubrange(start..<(start + block.count), with: block)
            state.received += block.count
        default: break
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    func writable(_ connection: Swarm.Connection, _ isWritable: Bool) {}
    func closed(_ connection: Swarm.Connection, error: (any Error)?) {}
    func unreachable(_ peer: Swarm.Address, error: SwarmError) {}
}
