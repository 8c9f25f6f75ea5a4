import NIOCore

/// Asks the router to lead one port of the outside to us, for UDP and for TCP
/// (docs/spec/nat.md 5): PCP first, NAT-PMP beside it when that does not answer at once. Keeps
/// the mappings alive. Pure: the owner carries datagrams to and from the router, and calls
/// `advance` at `nextDeadline`.
struct PortMapper: Sendable {
    /// A port that leads to us from outside.
    struct Mapping: Hashable, Sendable {
        let isTCP: Bool
        let externalPort: UInt16
        /// As far as the router has told.
        let externalAddress: IPAddress?

        /// Whether the world can use it: not behind a second router.
        var isPublic: Bool { externalAddress?.isPublic ?? false }
    }

    enum Effect: Hashable, Sendable {
        /// A datagram for the router.
        case send([UInt8])
        case mapped(Mapping)
        /// It has run out and could not be renewed.
        case lost(isTCP: Bool)
        /// The router does not answer, or refuses; it is asked again much later.
        case unavailable(Reason)
    }

    /// Why there is no mapping.
    enum Reason: Hashable, Sendable {
        case silence
        /// The router's own number, of PCP or NAT-PMP.
        case refused(Int)
    }

    /// What the router speaks, as far as is known.
    enum Dialect: Hashable, Sendable {
        case unknown
        case pcp
        case natpmp
    }

    /// One of the two.
    struct Lease: Sendable {
        let isTCP: Bool
        var tries = 0
        /// When to ask (again).
        var askAt: NIODeadline?
        var expiresAt: NIODeadline?
        var externalPort: UInt16 = 0
    }

    private(set) var dialect = Dialect.unknown
    private var leases = [Lease(isTCP: false), Lease(isTCP: true)]
    private var externalAddress: IPAddress?
    private var clock = RouterClock()
    private let client: IPAddress
    private let port: UInt16
    private let nonce: [UInt8]
    private var effects: [Effect] = []

    /// - Parameters:
    ///   - client: our address on the router's network.
    ///   - port: where we listen, for UDP and TCP.
    init(
        client: IPAddress, port: UInt16, random: inout some RandomNumberGenerator, now: NIODeadline
    ) {
        self.client = client
        self.port = port
        nonce = (0..<12).map { _ in UInt8.random(in: 0...255, using: &random) }
        leases[0].askAt = now
        // TCP follows UDP: it asks for the same number outside.
    }

    /// What is mapped now.
    var mappings: [Mapping] {
        leases.filter { $0.expiresAt != nil }.map {
            Mapping(
                isTCP: $0.isTCP, externalPort: $0.externalPort, externalAddress: externalAddress)
        }
    }

    /// When `advance` has something to do.
    var nextDeadline: NIODeadline? {
        leases.flatMap { [$0.askAt, $0.expiresAt] }.compactMap { $0 }.min()
    }

    /// What is to be done, in order.
    mutating func takeEffects() -> [Effect] {
        defer { effects = [] }
        return effects
    }

    /// Asks for what is due.
    mutating func advance(to now: NIODeadline) {
        for index in leases.indices {
            if let expiry = leases[index].expiresAt, expiry <= now {
                leases[index].expiresAt = nil
                effects.append(.lost(isTCP: leases[index].isTCP))
            }
            guard let due = leases[index].askAt, due <= now else { continue }
            if leases[index].tries < Limits.PortMapping.triesMax {
                ask(index, now)
            } else {
                rest(index, .silence, now)
            }
        }
    }

    /// Gives back what is mapped. The datagrams are sent once: a router that misses them lets
    /// the mapping run out.
    mutating func close() {
        for index in leases.indices where leases[index].expiresAt != nil {
            send(leases[index], lifetime: 0)
        }
        leases = []
    }
}

// MARK: - Asking

extension PortMapper {
    private mutating func ask(_ index: Int, _ now: NIODeadline) {
        let wait = Limits.PortMapping.firstWait
        leases[index].askAt = now + .nanoseconds(wait.nanoseconds << leases[index].tries)
        leases[index].tries += 1
        send(leases[index], lifetime: Limits.PortMapping.lifetimeSeconds)
    }

    /// In the router's language; in both from the second time on, as long as it is not known.
    private mutating func send(_ lease: Lease, lifetime: UInt32) {
        let isRemoval = lifetime == 0
        let wanted = lease.externalPort > 0 ? lease.externalPort : leases[0].externalPort
        let usual = port >= Limits.PortMapping.lowestPort ? port : 0
        let external = isRemoval ? 0 : wanted > 0 ? wanted : usual
        if dialect != .natpmp {
            let map = PCPMessage.Map(
                nonce: nonce, isTCP: lease.isTCP, internalPort: port, externalPort: external,
                externalAddress: isRemoval ? .v4(0) : externalAddress ?? .v4(0))
            effects.append(
                .send(PCPMessage(body: .map(map), lifetime: lifetime, client: client).encoded))
        }
        guard dialect == .natpmp || dialect == .unknown && lease.tries > 1 else { return }
        if externalAddress == nil, !isRemoval {
            effects.append(.send(NATPMPMessage.address.encoded))
        }
        let map = NATPMPMessage.map(
            isTCP: lease.isTCP, internalPort: port, externalPort: external, lifetime: lifetime)
        effects.append(.send(map.encoded))
    }

    /// Leaves the router alone for a while; what is mapped stays until it runs out.
    private mutating func rest(_ index: Int, _ reason: Reason, _ now: NIODeadline) {
        leases[index].tries = 0
        leases[index].askAt = now + Limits.PortMapping.pause
        effects.append(.unavailable(reason))
        // Silence for one is no answer for the other; a refusal may be about this one alone.
        if index == 0, case .refused = reason { startTCP(now) }
    }

    private mutating func startTCP(_ now: NIODeadline) {
        guard leases.count > 1, leases[1].askAt == nil else { return }
        leases[1].askAt = now
    }
}

// MARK: - Answers

extension PortMapper {
    /// A datagram from the router. Whoever it may be from, the owner has checked its address.
    mutating func receive(_ datagram: UnsafeRawBufferPointer, now: NIODeadline) {
        guard datagram.count <= Limits.PortMapping.answerBytesMax, !leases.isEmpty else { return }
        if let answer = PCPMessage.answer(datagram) {
            heard(answer, now)
        } else if let answer = NATPMPMessage.answer(datagram) {
            heard(answer, now)
        }
    }

    private mutating func heard(_ answer: PCPMessage.Answer, _ now: NIODeadline) {
        guard case .map(let map) = answer.body, map.nonce == nonce, map.internalPort == port else {
            // A router without NAT-PMP says so in its own version, without a body of ours.
            if answer.result == 1, dialect == .unknown { dialect = .pcp }
            return
        }
        guard let index = leases.firstIndex(where: { $0.isTCP == map.isTCP }) else { return }
        notice(answer.epoch, now)
        guard answer.result == 0 else {
            // 1 and 12: perhaps the older protocol fares better. Else it has said no.
            if dialect == .unknown, [1, 12].contains(answer.result) {
                speak(.natpmp, now)
            } else {
                refused(index, Int(answer.result), now)
            }
            return
        }
        dialect = .pcp
        if !map.externalAddress.isUnspecified { externalAddress = map.externalAddress }
        granted(index, map.externalPort, answer.lifetime, now)
    }

    private mutating func heard(_ answer: NATPMPMessage.Answer, _ now: NIODeadline) {
        guard dialect != .pcp else { return }
        if answer.result == 1 {
            // It does not know version 2, and says so in its own.
            if dialect == .unknown { speak(.natpmp, now) }
            return
        }
        notice(answer.epoch, now)
        switch answer.body {
        case .address(let address):
            guard externalAddress != address else { return }
            externalAddress = address
            mappings.forEach { effects.append(.mapped($0)) }
        case .map(let isTCP, let internalPort, let externalPort, let lifetime):
            guard internalPort == port,
                let index = leases.firstIndex(where: { $0.isTCP == isTCP })
            else { return }
            dialect = .natpmp
            granted(index, externalPort, lifetime, now)
        case .none(let operation):
            guard answer.result != 0, operation == 1 || operation == 2 else { return }
            guard let index = leases.firstIndex(where: { $0.isTCP == (operation == 2) }) else {
                return
            }
            dialect = .natpmp
            refused(index, Int(answer.result), now)
        }
    }

    /// From now on only in this language, at once.
    private mutating func speak(_ language: Dialect, _ now: NIODeadline) {
        dialect = language
        for index in leases.indices where leases[index].askAt != nil {
            leases[index].tries = 0
            leases[index].askAt = now
        }
    }

    private mutating func granted(
        _ index: Int, _ externalPort: UInt16, _ seconds: UInt32, _ now: NIODeadline
    ) {
        guard externalPort > 0, seconds > 0 else { return }
        let range = Limits.PortMapping.grantedSeconds
        let lifetime = Int64(min(max(seconds, range.lowerBound), range.upperBound))
        let isNew =
            leases[index].expiresAt == nil || leases[index].externalPort != externalPort
        leases[index].externalPort = externalPort
        leases[index].expiresAt = now + .seconds(lifetime)
        leases[index].askAt = now + .seconds(lifetime / 2)
        leases[index].tries = 0
        if isNew {
            let isTCP = leases[index].isTCP
            mappings.filter { $0.isTCP == isTCP }.forEach { effects.append(.mapped($0)) }
        }
        if index == 0 { startTCP(now) }
    }

    private mutating func refused(_ index: Int, _ code: Int, _ now: NIODeadline) {
        // Said twice, counted once.
        guard leases[index].tries > 0 else { return }
        rest(index, .refused(code), now)
    }

    /// A router that has restarted has forgotten everything.
    private mutating func notice(_ epoch: UInt32, _ now: NIODeadline) {
        guard clock.restarted(epoch, now: now) else { return }
        for index in leases.indices where leases[index].expiresAt != nil {
            leases[index].tries = 0
            leases[index].askAt = now
        }
    }
}

extension IPAddress {
    /// Whether the world can send there: no private, shared (100.64.0.0/10) or special address.
    var isPublic: Bool {
        if isLocal || isMulticast || isUnspecified { return false }
        if case .v4(let word) = self { return word >> 22 != 0x191 && word >> 24 != 0 }
        return true
    }
}
