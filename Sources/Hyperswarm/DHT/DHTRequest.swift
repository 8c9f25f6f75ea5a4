import NIOCore

/// A request that waits for its answer (docs/spec/dht.md section 3).
struct DHTRequest {
    enum Purpose {
        /// The first phase of a query; the node's id where we know it.
        case query(DHTTicket)
        case update(DHTTicket)
        /// Somebody who asked us something: does it answer there, and under its id?
        case verify
        /// Is it still there? If not, this newcomer gets its place.
        case check(newcomer: DHTRoutingTable.Entry?)
        case ping(DHTTicket)
        case holepunch(DHTTicket)

        /// The query that waits for the answer.
        var query: DHTTicket? {
            switch self {
            case .query(let ticket), .update(let ticket): ticket
            case .verify, .check, .ping, .holepunch: nil
            }
        }
    }

    /// What there is to do about a request that nobody has answered.
    enum Step {
        /// Ask whoever told us of the node to make it open its NAT.
        case punch
        /// Do not wait for it any longer, but take its answer.
        case late
        case resend
        case fail
    }

    let rid: UInt16
    let address: DHTAddress
    /// The id it must answer with.
    let id: DHTKey?
    /// Who told us of it.
    let referrer: DHTAddress?
    let datagram: [UInt8]
    let purpose: Purpose
    private let schedule: [Due]
    private let sent: NIODeadline
    private var step = 0

    init(
        rid: UInt16, to address: DHTAddress, id: DHTKey?, referrer: DHTAddress?,
        datagram: [UInt8], purpose: Purpose, schedule: [Due] = DHTRequest.usual, now: NIODeadline
    ) {
        self.rid = rid
        self.address = address
        self.id = id
        self.referrer = referrer
        self.datagram = datagram
        self.purpose = purpose
        if case .verify = purpose {
            self.schedule = Self.verification
        } else {
            self.schedule = schedule
        }
        sent = now
    }

    typealias Due = (after: TimeAmount, step: Step)

    static let usual: [Due] = [
        (Limits.DHT.punchDelay, .punch), (Limits.DHT.lateAfter, .late),
        (Limits.DHT.resends[0], .resend), (Limits.DHT.resends[1], .resend),
        (Limits.DHT.requestTimeout, .fail),
    ]
    /// Never sent again: its destination may be the victim of a forged sender.
    private static let verification: [Due] = [
        (Limits.DHT.verificationTimeout, .fail)
    ]

    /// Mainline's: one datagram.
    static let mainline: [Due] = [
        (Limits.Mainline.lateAfter, .late), (Limits.Mainline.timeout, .fail),
    ]

    var deadline: NIODeadline { sent + schedule[min(step, schedule.count - 1)].after }

    /// The step that is due, which is then done.
    mutating func next(now: NIODeadline) -> Step? {
        guard step < schedule.count, deadline <= now else { return nil }
        defer { step += 1 }
        return schedule[step].step
    }

    /// Whether an answer from there is an answer to this. A symmetric NAT answers a hole punch from
    /// another port (section 11, trap 1).
    func isAnswered(from source: DHTAddress) -> Bool {
        if case .holepunch = purpose { return source.ip == address.ip }
        return source == address
    }
}
