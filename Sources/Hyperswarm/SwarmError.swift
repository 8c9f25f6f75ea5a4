import Glibc
import NIOCore
import NIOPosix

/// Why an address could not be listened on or reached.
public struct SwarmError: Error, Sendable, CustomStringConvertible {
    /// An open set: new codes may come.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// Stable; goes into JSON.
        public let rawValue: String
        /// A code of any name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Another process listens there.
        public static let addressInUse = Code(rawValue: "address-in-use")
        /// The address is not one of this machine.
        public static let addressNotHere = Code(rawValue: "address-not-here")
        /// A port below 1024 without the right to it.
        public static let notPermitted = Code(rawValue: "not-permitted")
        /// Nobody listens at the peer's address.
        public static let refused = Code(rawValue: "refused")
        /// No route to the peer's address.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The peer's address does not answer.
        public static let timedOut = Code(rawValue: "timed-out")
        /// The name has no address.
        public static let unknownHost = Code(rawValue: "unknown-host")
        /// The peer's address is our own.
        public static let ourselves = Code(rawValue: "ourselves")
        /// Our own address of a connection is gone.
        public static let moved = Code(rawValue: "moved")
        /// Anything else; the message has the system's words.
        public static let failed = Code(rawValue: "failed")
    }

    /// What kind of failure, for programs.
    public let code: Code
    /// What failed and why; names the address.
    public let message: String
    /// What to do about it.
    public let hint: String

    /// An error with its advice.
    public init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The message.
    public var description: String { message }
}

extension SwarmError {
    /// An address that cannot be bound.
    init(listening address: Swarm.Address, _ cause: any Error) {
        switch Self.errnoCode(of: cause) {
        case EADDRINUSE:
            self.init(
                .addressInUse, "cannot listen on \(address): the port is in use",
                hint: "choose another port with --listen, or port 0 for any free one")
        case EADDRNOTAVAIL, EAFNOSUPPORT:
            self.init(
                .addressNotHere, "cannot listen on \(address): not an address of this machine",
                hint: "listen on 0.0.0.0, [::] or an address that `ip address` shows")
        case EACCES, EPERM:
            self.init(
                .notPermitted, "cannot listen on \(address): permission denied",
                hint: "choose a port above 1023")
        default:
            self.init(
                .failed, "cannot listen on \(address): \(Self.words(for: cause))",
                hint: "check the address given with --listen")
        }
    }

    /// A connection whose local end is no more.
    static func moved(from source: IPAddress) -> SwarmError {
        SwarmError(
            .moved, "this machine's address is no longer \(source)",
            hint: "nothing to do: the peer is dialed again")
    }

    /// A peer that cannot be reached.
    init(dialing address: Swarm.Address, _ cause: any Error) {
        switch Self.errnoCode(of: cause) {
        case ECONNREFUSED:
            self.init(
                .refused, "peer \(address): connection refused",
                hint: "check that hyperfs runs there and that the port is right")
        case ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, ENETDOWN, EHOSTDOWN:
            self.init(
                .unreachable, "peer \(address): no route to it",
                hint: "check the network connection and the address")
        case ETIMEDOUT:
            self = .noAnswer(address)
        default:
            if cause is ChannelError {
                self = .noAnswer(address)
            } else if Self.isAboutName(cause) {
                self.init(
                    .unknownHost, "peer \(address): the name has no address",
                    hint: "check the spelling, or give the IP address")
            } else {
                self.init(
                    .failed, "peer \(address): \(Self.words(for: cause))",
                    hint: "check the address given with --peer")
            }
        }
    }

    /// The peer turned out to be this very process.
    static func ourselves(_ address: Swarm.Address) -> SwarmError {
        SwarmError(
            .ourselves, "peer \(address): this is our own address",
            hint: "give the address of another machine or node")
    }

    /// Whether another transport may get through where TCP met this.
    static func isAboutFirewall(_ cause: any Error) -> Bool {
        [ECONNREFUSED, ECONNRESET].contains(errnoCode(of: cause))
    }

    private static func noAnswer(_ address: Swarm.Address) -> SwarmError {
        SwarmError(
            .timedOut, "peer \(address): no answer",
            hint: "check the address, and firewalls between here and there")
    }

    private static func isAboutName(_ cause: any Error) -> Bool {
        if cause is SocketAddressError { return true }
        guard let connect = cause as? NIOConnectionError else { return false }
        return connect.connectionErrors.isEmpty
    }

    private static func errnoCode(of cause: any Error) -> Int32? {
        if let connect = cause as? NIOConnectionError {
            return connect.connectionErrors.lazy.compactMap { errnoCode(of: $0.error) }.first
        }
        return (cause as? IOError)?.errnoCode
    }

    private static func words(for cause: any Error) -> String {
        guard let code = errnoCode(of: cause) else { return "\(cause)" }
        return String(cString: strerror(code))
    }
}
