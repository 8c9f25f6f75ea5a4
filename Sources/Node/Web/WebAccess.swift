import HyperCrypto
import NIOCore
import Synchronization

/// Who may use the page, and which part of a drive a secret address leads to.
///
/// `hyperfs web` hands out a ticket; the first browser that shows it gets a session, in a cookie.
/// A drive's files are served under an address that cannot be guessed, so that what runs on a
/// drive's page finds no other drive.
final class WebAccess: Sendable {
    /// A browser that was let in.
    struct Session: Sendable, Equatable {
        /// The cookie's value.
        let id: String
        /// What its forms carry, and nobody else knows.
        let formSecret: String
    }

    /// A drive that is looked at.
    struct Source: Sendable, Hashable {
        let key: PublicKey
        let version: UInt64?
    }

    private struct State: Sendable {
        var tickets: [(ticket: String, until: NIODeadline)] = []
        var sessions: [Session] = []
        var secrets: [(source: Source, secret: String)] = []
    }

    private let state = Mutex(State())

    /// The name of the cookie. Cookies know no ports: another program on this address may have
    /// its own.
    static let cookie = "hyperfs-session"

    /// For one use, soon.
    func newTicket(now: NIODeadline) -> String {
        let ticket = Self.secret()
        state.withLock { state in
            state.tickets.removeAll { $0.until < now }
            state.tickets.append((ticket, now + Limits.webTicketTime))
            Self.bound(&state.tickets, Limits.webTicketsMax)
        }
        return ticket
    }

    /// The session that a ticket buys; `nil` when it is used, too old, or none.
    func redeem(_ ticket: String, now: NIODeadline) -> Session? {
        state.withLock { state in
            guard let index = state.tickets.firstIndex(where: { $0.ticket == ticket }) else {
                return nil
            }
            let until = state.tickets.remove(at: index).until
            guard now <= until else { return nil }
            let session = Session(id: Self.secret(), formSecret: Self.secret())
            state.sessions.append(session)
            Self.bound(&state.sessions, Limits.webSessionsMax)
            return session
        }
    }

    /// The session that a `Cookie` header belongs to.
    func session(_ header: String?) -> Session? {
        let values = (header ?? "").split(separator: ";").compactMap { pair -> String? in
            let sides = pair.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, sides[0].drop(while: { $0 == " " }) == Self.cookie else {
                return nil
            }
            return String(sides[1])
        }
        return state.withLock { $0.sessions.first { values.contains($0.id) } }
    }

    /// Where a drive's files are served.
    func secret(of source: Source) -> String {
        state.withLock { state in
            if let known = state.secrets.first(where: { $0.source == source }) {
                return known.secret
            }
            let secret = Self.secret()
            state.secrets.append((source, secret))
            Self.bound(&state.secrets, Limits.webDrivesMax)
            return secret
        }
    }

    /// What is served there.
    func source(of secret: String) -> Source? {
        state.withLock { $0.secrets.first { $0.secret == secret }?.source }
    }

    private static func secret() -> String {
        var random = SystemRandom()
        var bytes = [UInt8](repeating: 0, count: 16)
        bytes.withUnsafeMutableBytes { random.fill($0) }
        return bytes.hex
    }

    /// The oldest go.
    private static func bound<T>(_ list: inout [T], _ count: Int) {
        if list.count > count { list.removeFirst(list.count - count) }
    }
}
