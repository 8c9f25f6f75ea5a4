import HyperCrypto

/// One connection for each pair of nodes. Both may dial at once, and by several ways: when the
/// handshake has told who the other is, both ends choose the same survivor
/// (docs/spec/swarm.md 4.6).
///
/// Only the side that dialed closes a connection that lost. The other keeps it, idle: the two
/// ends may have finished their handshakes in another order and then disagree; the idle one is
/// promoted when the survivor goes.
///
/// Who does not close the one that lost is using it: he has lost the other one, because his address
/// or his process has changed, and nobody could tell us. So it is used after a moment, whatever the
/// keys say.
struct Deduplication<ID: Hashable & Sendable>: Sendable {
    /// A connection whose other end is known.
    struct Claim: Sendable {
        let id: ID
        let isInitiator: Bool
        let transport: Swarm.Transport
        /// Whether it lost and we are closing it.
        var isEnding = false
    }

    /// What becomes of a connection when its handshake is done.
    enum Outcome: Hashable, Sendable {
        /// There is no other.
        case single
        /// Both ends are ours.
        case ourselves
        /// It takes the other's place. The other is closed now (`ends`), or stays idle.
        case replaces(ID, ends: Bool)
        /// Another one serves. This one is closed now (`ends`), or stays idle.
        case yields(to: ID, ends: Bool)
    }

    /// The one in use comes first.
    private var claims: [Bytes32: [Claim]] = [:]
    private var remotes: [ID: Bytes32] = [:]

    /// Whether a connection is the one in use with its peer.
    func isInUse(_ id: ID) -> Bool {
        remotes[id].flatMap { claims[$0]?.first }.map { $0.id == id } ?? false
    }

    /// The handshake of a connection is done.
    mutating func identified(
        _ id: ID, local: Bytes32, remote: Bytes32, isInitiator: Bool,
        over transport: Swarm.Transport
    ) -> Outcome {
        guard local != remote else { return .ourselves }
        guard remotes[id] == nil else { return .single }
        remotes[id] = remote
        var own = Claim(id: id, isInitiator: isInitiator, transport: transport)
        guard var others = claims[remote], let first = others.first else {
            claims[remote] = [own]
            return .single
        }
        let isLower = local.bytes.lexicographicallyPrecedes(remote.bytes)
        if Self.wins(own, over: first, isLower: isLower) {
            others[0].isEnding = first.isInitiator
            others.insert(own, at: 0)
            claims[remote] = others
            return .replaces(first.id, ends: first.isInitiator)
        }
        // A peer that opens one after the other gets no more idle ones than the trap needs.
        let isOneTooMany = others.count > Limits.Queue.heldPerKeyMax
        own.isEnding = isInitiator || isOneTooMany
        claims[remote] = others + [own]
        return .yields(to: first.id, ends: own.isEnding)
    }

    /// A moment has passed since one yielded. Whether it is to be used now, because its other end
    /// keeps it.
    mutating func kept(_ id: ID) -> Bool {
        guard let remote = remotes[id], var list = claims[remote],
            let index = list.firstIndex(
                where: { $0.id == id && !$0.isEnding })
        else { return false }
        guard index > 0 else { return false }
        list.insert(list.remove(at: index), at: 0)
        claims[remote] = list
        return true
    }

    /// A connection is gone. The idle one that takes its place, if there is one.
    mutating func closed(_ id: ID) -> ID? {
        guard let remote = remotes.removeValue(forKey: id), var list = claims[remote] else {
            return nil
        }
        let wasInUse = list.first?.id == id
        list.removeAll { $0.id == id }
        if wasInUse, let next = list.firstIndex(where: { !$0.isEnding }) {
            list.insert(list.remove(at: next), at: 0)
            claims[remote] = list
            return list[0].id
        }
        // What is left is on its way out; whoever comes next must not yield to it.
        if wasInUse {
            for claim in list { remotes[claim.id] = nil }
            list = []
        }
        claims[remote] = list.isEmpty ? nil : list
        return nil
    }

    /// The choice. `isLower`: our key is the smaller one.
    private static func wins(_ new: Claim, over old: Claim, isLower: Bool) -> Bool {
        if new.transport != old.transport { return new.transport > old.transport }
        // What the end with the smaller key began survives.
        if new.isInitiator != old.isInitiator { return new.isInitiator == isLower }
        return new.isInitiator == isLower
    }
}
