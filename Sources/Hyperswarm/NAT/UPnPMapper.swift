import NIOCore

/// Leads one port of the outside to us by UPnP IGD, for UDP and for TCP: what is left for routers
/// that speak neither PCP nor NAT-PMP (docs/spec/nat.md 5). Pure: the owner carries out one
/// request at a time, which may take seconds, and calls `answered`.
struct UPnPMapper: Sendable {
    enum Request: Hashable, Sendable {
        /// Look for the router's service, and for its outside address.
        case find
        case add(isTCP: Bool, externalPort: UInt16, leaseSeconds: UInt32)
        case remove(isTCP: Bool, externalPort: UInt16)
    }

    enum Answer: Hashable, Sendable {
        /// To `find`.
        case found(externalAddress: IPAddress?)
        case done
        /// The router's own code.
        case refused(Int)
        case silence
    }

    private let port: UInt16
    private var random: any RandomNumberGenerator & Sendable
    private var inFlight: Request?
    private var removals: [Request] = []
    /// What the router is asked for in this round: UDP, TCP.
    private var pending: [Bool] = []
    private var expiries: [Bool: NIODeadline] = [:]
    private var externalPort: UInt16
    private var externalAddress: IPAddress?
    private var leaseSeconds = Limits.PortMapping.lifetimeSeconds
    private var conflicts = 0
    private var isFound = false
    private var isClosed = false
    private var nextAt: NIODeadline
    /// Why there is no mapping, when the router has said so or nothing.
    private(set) var reason: PortMapper.Reason?

    /// - Parameter port: where we listen, for UDP and TCP.
    init(port: UInt16, random: any RandomNumberGenerator & Sendable, now: NIODeadline) {
        self.port = port
        self.random = random
        externalPort = port
        nextAt = now
        if port < Limits.PortMapping.lowestPort { drawPort() }
    }

    /// What is mapped now.
    var mappings: [PortMapper.Mapping] {
        [false, true].filter { expiries[$0] != nil }.map {
            PortMapper.Mapping(
                isTCP: $0, externalPort: externalPort, externalAddress: externalAddress)
        }
    }

    /// When `next` has something to say; nil while an answer is awaited.
    var nextDeadline: NIODeadline? {
        if inFlight != nil { return nil }
        if !removals.isEmpty { return .uptimeNanoseconds(0) }
        return isClosed ? nil : nextAt
    }

    /// What to ask the router now, if anything.
    mutating func next(now: NIODeadline) -> Request? {
        guard inFlight == nil else { return nil }
        if let removal = removals.popLast() {
            inFlight = removal
        } else if !isClosed, nextAt <= now {
            expiries = expiries.filter { $0.value > now }
            if pending.isEmpty { pending = [false, true] }
            inFlight =
                isFound
                ? .add(
                    isTCP: pending[0], externalPort: externalPort, leaseSeconds: leaseSeconds)
                : .find
        }
        return inFlight
    }

    /// Whether the router has, or may have, something of ours.
    var owes: Bool {
        if case .add = inFlight { return true }
        if case .remove = inFlight { return true }
        return !removals.isEmpty || !expiries.isEmpty
    }

    /// How the last request went.
    mutating func answered(_ answer: Answer, now: NIODeadline) {
        defer { inFlight = nil }
        switch (inFlight, answer) {
        case (.add(let isTCP, let externalPort, _), .done) where isClosed:
            removals.append(.remove(isTCP: isTCP, externalPort: externalPort))
        case (.find, .found(let address)):
            isFound = true
            externalAddress = address
        case (.add(let isTCP, _, _), .done): added(isTCP, now)
        case (.add, .refused(Self.conflict)) where conflicts < Limits.PortMapping.conflictsMax:
            conflicts += 1
            // The same number for both, or else none could be told to others.
            takeBack()
            drawPort()
        case (.add, .refused(let code)) where Self.mayBeTheLease(code) && leaseSeconds > 0:
            leaseSeconds = 0
        case (.add(let isTCP, _, _), .refused(let code)):
            refused(isTCP, code, now)
        case (.find, _), (.add, _):
            rest(answer == .silence ? .silence : .refused(Self.actionFailed), now)
        case (.remove, _), (nil, _): break
        }
    }

    /// Gives back what is mapped, by requests that `next` has.
    mutating func close() {
        guard !isClosed else { return }
        isClosed = true
        takeBack()
    }

    // MARK: - Helpers

    // Codes of AddPortMapping in UPnP's WANIPConnection.
    private static let invalidArguments = 402
    private static let actionFailed = 501
    private static let conflict = 718
    private static let onlyPermanent = 725

    /// Some routers grant only what lasts until it is removed, and not all of them say so.
    private static func mayBeTheLease(_ code: Int) -> Bool {
        [invalidArguments, actionFailed, onlyPermanent].contains(code)
    }

    private mutating func added(_ isTCP: Bool, _ now: NIODeadline) {
        let lifetime = TimeAmount.seconds(Int64(Limits.PortMapping.lifetimeSeconds))
        // Also one that lasts for ever: the router may forget it all the same.
        expiries[isTCP] = now + lifetime
        reason = nil
        finished(isTCP, now)
    }

    private mutating func finished(_ isTCP: Bool, _ now: NIODeadline) {
        pending.removeAll { $0 == isTCP }
        guard pending.isEmpty else { return }
        conflicts = 0
        nextAt = now + .seconds(Int64(Limits.PortMapping.lifetimeSeconds / 2))
    }

    private mutating func refused(_ isTCP: Bool, _ code: Int, _ now: NIODeadline) {
        // One of the two is better than none.
        if isTCP, expiries[false] != nil {
            expiries[true] = nil
            return finished(true, now)
        }
        rest(.refused(code), now)
    }

    /// Leaves the router alone for a while, and looks for it anew then.
    private mutating func rest(_ reason: PortMapper.Reason, _ now: NIODeadline) {
        self.reason = reason
        isFound = false
        pending = []
        conflicts = 0
        leaseSeconds = Limits.PortMapping.lifetimeSeconds
        nextAt = now + Limits.PortMapping.pause
    }

    private mutating func takeBack() {
        removals = mappings.map { .remove(isTCP: $0.isTCP, externalPort: $0.externalPort) }
        expiries = [:]
        pending = []
    }

    private mutating func drawPort() {
        externalPort = .random(in: Limits.PortMapping.drawnPorts, using: &random)
    }
}
