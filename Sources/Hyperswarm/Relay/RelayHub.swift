import DequeModule
import HyperCrypto
import NIOCore

/// A blind relay as a state machine: connections and bytes in, bytes and decisions out. Brings
/// together who waits and who calls at the same place, and then forwards what it cannot read
/// (docs/spec/relay.md). Knows no sockets.
struct RelayHub: Sendable {
    /// A connection, by the number that its owner gave it.
    typealias ID = UInt64

    enum Effect: Hashable, Sendable {
        case send(ID, [UInt8])
        /// Bytes of one side for the other.
        case forward(to: ID, ByteBuffer)
        /// Close when everything is sent.
        case close(ID)
        /// Whether to read from it.
        case read(ID, Bool)
    }

    /// What one relay grants.
    struct Grants: Sendable {
        var bytesPerSecond = Limits.Relay.bytesPerSecond
        var pairBytes = Limits.Relay.pairBytes
    }

    private enum Phase {
        /// The beginning of a request.
        case asking([UInt8])
        case waiting(RelayRequest)
        case paired(ID)
    }

    private struct Line {
        let host: String
        var phase = Phase.asking([])
        var since: NIODeadline
        /// Of its own bytes, when it is paired.
        var rate: TokenBucket
        /// Not read until then: it was too fast.
        var restsUntil: NIODeadline?
        /// Not read: the other side has no room.
        var isHeldUp = false
        /// Bytes that it may still send.
        var bytesLeft: UInt64 = 0
    }

    private let grants: Grants
    private var lines: [ID: Line] = [:]
    /// Who waits at a place, the longest first.
    private var places: [Bytes32: Deque<ID>] = [:]
    private(set) var waitCount = 0
    private(set) var pairCount = 0
    private(set) var bytesForwarded: UInt64 = 0
    private var waitsByHost: [String: Int] = [:]
    private var pairsByHost: [String: Int] = [:]
    private var effects: [Effect] = []

    init(_ grants: Grants = Grants()) { self.grants = grants }

    /// Connections that it knows.
    var count: Int { lines.count }

    /// What there is to do since the last call.
    mutating func takeEffects() -> [Effect] {
        defer { effects = [] }
        return effects
    }

    /// A connection has come. Returns `false` when there is no room for it.
    mutating func opened(_ id: ID, from host: String, now: NIODeadline) -> Bool {
        guard lines.count - waitCount - 2 * pairCount < Limits.Relay.pending else { return false }
        let rate = TokenBucket(
            perSecond: Double(grants.bytesPerSecond), burst: Double(Limits.Relay.burstBytes),
            now: now)
        lines[id] = Line(host: host, since: now, rate: rate)
        return true
    }

    /// Bytes have come.
    mutating func received(_ bytes: ByteBuffer, from id: ID, now: NIODeadline) {
        guard let line = lines[id] else { return }
        switch line.phase {
        case .asking(let begun):
            var text = begun
            text += bytes.readableBytesView.prefix(RelayRequest.size + 1 - text.count)
            lines[id]?.phase = .asking(text)
            if text.count < RelayRequest.size, RelayRequest.isBeginning(text) { return }
            // Who says more before he is answered does not speak this protocol.
            guard text.count == RelayRequest.size, let request = RelayRequest(text) else {
                return refuse(id, .malformed)
            }
            serve(request, id, now: now)
        case .waiting: end(id)
        case .paired(let partner): forward(bytes, from: id, to: partner, now: now)
        }
    }

    /// A connection is gone; so is its partner.
    mutating func closed(_ id: ID) {
        guard let line = lines.removeValue(forKey: id) else { return }
        switch line.phase {
        case .asking: break
        case .waiting(let request): leave(id, request.place, line.host)
        case .paired(let partner):
            pairCount -= 1
            Self.drop(&pairsByHost, line.host)
            guard let other = lines.removeValue(forKey: partner) else { return }
            Self.drop(&pairsByHost, other.host)
            effects.append(.close(partner))
        }
    }

    /// What was sent to a connection piles up, or has left: the other side is not read meanwhile.
    mutating func full(_ id: ID, _ isFull: Bool) {
        guard case .paired(let partner)? = lines[id]?.phase, var other = lines[partner],
            other.isHeldUp != isFull
        else { return }
        other.isHeldUp = isFull
        lines[partner] = other
        if other.restsUntil == nil { effects.append(.read(partner, !isFull)) }
    }

    /// Does what is due; to be called every second or so.
    mutating func advance(to now: NIODeadline) {
        for (id, line) in lines {
            switch line.phase {
            case .asking:
                if now - line.since >= Limits.Relay.requestTime { end(id) }
            case .waiting:
                guard now - line.since >= Limits.Relay.keepAlive else { continue }
                lines[id]?.since = now
                effects.append(.send(id, [RelayAnswer.alive.rawValue]))
            case .paired(let partner):
                if let until = line.restsUntil, until <= now {
                    lines[id]?.restsUntil = nil
                    if !line.isHeldUp { effects.append(.read(id, true)) }
                }
                guard let other = lines[partner] else { continue }
                let last = max(line.since, other.since)
                if now - last >= Limits.Relay.idleTime { end(id) }
            }
        }
    }

    /// When somebody who was too fast may go on.
    var nextDeadline: NIODeadline? { lines.values.lazy.compactMap(\.restsUntil).min() }
}

// MARK: - Meeting

extension RelayHub {
    private mutating func serve(_ request: RelayRequest, _ id: ID, now: NIODeadline) {
        switch request.kind {
        case .wait: wait(request, id, now: now)
        case .call: call(request, id, now: now)
        }
    }

    private mutating func wait(_ request: RelayRequest, _ id: ID, now: NIODeadline) {
        guard let host = lines[id]?.host, waitCount < Limits.Relay.waits,
            waitsByHost[host, default: 0] < Limits.Relay.waitsPerHost
        else { return refuse(id, .full) }
        lines[id]?.phase = .waiting(request)
        lines[id]?.since = now
        places[request.place, default: []].append(id)
        waitCount += 1
        waitsByHost[host, default: 0] += 1
        effects.append(.send(id, [RelayAnswer.alive.rawValue]))
    }

    private mutating func call(_ request: RelayRequest, _ id: ID, now: NIODeadline) {
        let waiting = places[request.place]?.first { other in
            guard case .waiting(let theirs)? = lines[other]?.phase else { return false }
            return theirs.asker != request.asker
        }
        guard let waiting, let callee = lines[waiting], let caller = lines[id] else {
            return refuse(id, .nobody)
        }
        guard pairCount < Limits.Relay.pairs,
            pairsByHost[callee.host, default: 0] < Limits.Relay.pairsPerHost,
            pairsByHost[caller.host, default: 0] < Limits.Relay.pairsPerHost
        else { return refuse(id, .full) }
        leave(waiting, request.place, callee.host)
        pairCount += 1
        for (one, other, host) in [(id, waiting, caller.host), (waiting, id, callee.host)] {
            pairsByHost[host, default: 0] += 1
            lines[one]?.phase = .paired(other)
            lines[one]?.since = now
            lines[one]?.bytesLeft = grants.pairBytes / 2
            effects.append(.send(one, [RelayAnswer.paired.rawValue]))
        }
    }

    private mutating func leave(_ id: ID, _ place: Bytes32, _ host: String) {
        places[place]?.removeAll { $0 == id }
        if places[place]?.isEmpty == true { places[place] = nil }
        waitCount -= 1
        Self.drop(&waitsByHost, host)
    }

    private mutating func refuse(_ id: ID, _ answer: RelayAnswer) {
        effects.append(.send(id, [answer.rawValue]))
        end(id)
    }

    private mutating func end(_ id: ID) {
        effects.append(.close(id))
        closed(id)
    }

    private static func drop(_ counts: inout [String: Int], _ host: String) {
        guard let count = counts[host] else { return }
        counts[host] = count > 1 ? count - 1 : nil
    }

    private mutating func forward(
        _ bytes: ByteBuffer, from id: ID, to partner: ID, now: NIODeadline
    ) {
        guard var line = lines[id] else { return }
        let count = bytes.readableBytes
        guard UInt64(count) <= line.bytesLeft else { return end(id) }
        line.bytesLeft -= UInt64(count)
        line.since = now
        bytesForwarded += UInt64(count)
        effects.append(.forward(to: partner, bytes))
        // What is here is forwarded; what it was too much delays the next.
        if let rest = line.rate.spend(Double(count), now: now) {
            line.restsUntil = now + rest
            effects.append(.read(id, false))
        }
        lines[id] = line
    }
}
