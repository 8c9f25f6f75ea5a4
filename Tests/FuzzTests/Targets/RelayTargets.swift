import HyperCrypto
import NIOCore
import TestSupport

@testable import Hyperswarm

extension FuzzTarget {
    static let relayTargets: [FuzzTarget] = [hub, schedule]

    private static let relayStart = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private static func relayRequest(_ kind: RelayRequest.Kind, _ asker: UInt8) -> [UInt8] {
        RelayRequest(
            kind, asker: [UInt8](repeating: asker, count: 16),
            place: RelayRequest.place(of: Blake2b.hash32([asker & 1]))
        ).encoded
    }

    /// Connections that come, speak and go in any order; a byte tells what, the next one who.
    private static let hub = FuzzTarget("relay-hub") {
        let meeting =
            [0, 1, 1, 1] + FuzzInput.piece(relayRequest(.wait, 0)) + [0, 2, 1, 2]
            + FuzzInput.piece(relayRequest(.call, 2)) + [1, 1] + FuzzInput.piece([7, 8, 9])
            + [1, 2] + FuzzInput.piece([7]) + [3, 1, 2, 2]
        return [meeting, Array(0...255), [4, 200, 0, 1, 4, 255, 4, 255]]
    } body: { input in
        var hub = RelayHub()
        var now = relayStart
        var open: Set<RelayHub.ID> = []
        var received = 0
        var forwarded = 0
        while !input.isEmpty {
            let step = input.byte()
            let id = RelayHub.ID(input.byte() & 15)
            func say(_ bytes: [UInt8]) {
                received += bytes.count
                hub.received(ByteBuffer(bytes: bytes), from: id, now: now)
            }
            switch step & 7 {
            case 0:
                if !open.contains(id), hub.opened(id, from: "h\(id & 3)", now: now) {
                    open.insert(id)
                }
            case 1:
                say(input.piece())
            case 2:
                hub.closed(id)
                open.remove(id)
            case 3: hub.full(id, step & 8 == 0)
            case 4:
                now = now + .milliseconds(Int64(id) * 4000)
                hub.advance(to: now)
            case 5: say(relayRequest(.wait, UInt8(id)))
            case 6: say(relayRequest(.call, UInt8(id)))
            default: break
            }
            for effect in hub.takeEffects() {
                switch effect {
                case .close(let gone): open.remove(gone)
                case .send(let to, let bytes):
                    check(bytes.count == 1, "the relay itself says single bytes (\(to))")
                case .forward(let to, let bytes):
                    forwarded += bytes.readableBytes
                    check(open.contains(to), "bytes go to those who are there")
                case .read: break
                }
            }
            check(hub.count == open.count, "who is closed is forgotten")
            check(hub.waitCount >= 0 && hub.pairCount >= 0, "books balance")
            check(hub.waitCount + 2 * hub.pairCount <= hub.count, "nobody counts twice")
        }
        check(forwarded <= received, "nothing is made up")
    }

    /// Topics joined and left, runs that begin and end in any order.
    private static let schedule = FuzzTarget("topic-schedule") {
        [[0, 1, 1, 2, 3, 0, 4, 9, 1, 1, 2, 0], Array(0...255)]
    } body: { input in
        var schedule = TopicSchedule(
            period: .seconds(300) ... .seconds(600), random: SeededRandom(seed: 1))
        var now = relayStart
        var number: UInt64 = 0
        var running: [DHTTicket] = []
        while !input.isEmpty {
            let step = input.byte()
            let value = input.byte()
            let topic = Blake2b.hash32([value & 7])
            switch step & 7 {
            case 0:
                schedule.join(
                    topic, announce: step & 8 == 0, lookup: step & 16 == 0, now: now)
            case 1: _ = schedule.leave(topic)
            case 2:
                guard let run = schedule.next(now: now) else { continue }
                number += 1
                let ticket = step & 8 == 0 ? DHTTicket(raw: number) : nil
                if let ticket { running.append(ticket) }
                schedule.began(run.topic, ticket, now: now)
            case 3: if let ticket = running.last { _ = schedule.found(ticket) }
            case 4:
                guard !running.isEmpty else { continue }
                var summary = DHTQuerySummary()
                summary.acknowledged = Int(value & 3)
                schedule.finished(
                    running.remove(at: Int(value) % running.count), summary, now: now)
            case 5: schedule.restart(now: now)
            default: now = now + .seconds(Int64(value) * 3)
            }
            if let due = schedule.nextDeadline, due <= now {
                check(schedule.next(now: now) != nil, "what is due can be begun: no idle waking")
            }
        }
    }
}
