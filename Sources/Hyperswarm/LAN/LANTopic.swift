import HyperCrypto
import NIOCore

/// One topic that is looked for on the LAN, announced there, or both.
struct LANTopic: Sendable {
    /// What others are told to connect to; `nil`: nothing is announced.
    let port: UInt16?
    let isLookup: Bool
    let name: DNSName
    /// `id=` and 32 random bytes: by these we know our own echo (docs/spec/swarm.md 1.4).
    let marker: [UInt8]
    /// An answer to everybody on a link, with the address of who asked in it.
    struct Answer: Hashable, Sendable {
        let link: LANInterface.Link
        let asker: IPAddress
        var at: NIODeadline
        /// Whether the same was asked again since.
        var isWanted = false
    }
    /// When the next query is due; `nil` where none is.
    var queryAt: NIODeadline?
    /// How often it was repeated early.
    var repeats = 0
    /// Whether the first, unsolicited announcement is still to come.
    var isAnnouncementDue: Bool
    var answers: TokenBucket
    /// What was said lately, to whom. At most `answersPerSecond` of them.
    private(set) var recent: [Answer] = []
    /// Peers believed in the present window.
    var peers: Set<Endpoint> = []
    var windowStart: NIODeadline
    /// Whether anybody ever answered.
    var hasPeers = false

    init(
        _ topic: Bytes32, port: UInt16?, isLookup: Bool, marker: [UInt8], now: NIODeadline
    ) {
        self.port = port
        self.isLookup = isLookup
        self.marker = Array("id=".utf8) + marker
        name = Self.name(of: topic)
        queryAt = isLookup ? now : nil
        isAnnouncementDue = port != nil
        windowStart = now
        answers = TokenBucket(
            perSecond: Limits.LAN.answersPerSecond, burst: Limits.LAN.answersPerSecond, now: now)
    }

    /// Its first 20 bytes in hexadecimal under `hyperswarm.local` (1.2).
    static func name(of topic: Bytes32) -> DNSName {
        let digits = Array(topic.bytes.prefix(20).hex.utf8)
        return DNSName(labels: [digits, Array("hyperswarm".utf8), Array("local".utf8)])
    }

    /// What tells others where we are; empty when that is nobody's business.
    var records: [DNSRecord] {
        guard let port else { return [] }
        // Four labels, as the family writes it: "the source address of this packet".
        let here = DNSName(labels: Array(repeating: [UInt8(ascii: "0")], count: 4))
        return [
            DNSRecord(name: name, content: .srv(priority: 0, weight: 0, port: port, target: here)),
            DNSRecord(name: name, content: .txt([marker])),
        ]
    }

    /// Whether to answer now: not too often. What was said a moment ago is said again when that
    /// moment is over, once, however many ask: the last of them may not have heard it.
    mutating func mayAnswer(
        _ asker: IPAddress, on link: LANInterface.Link, now: NIODeadline
    ) -> Bool {
        recent.removeAll { !$0.isWanted && now - $0.at >= Limits.LAN.mergeAnswers }
        if let index = recent.firstIndex(where: { $0.link == link && $0.asker == asker }) {
            recent[index].isWanted = true
            return false
        }
        guard answers.take(1, now: now) else { return false }
        recent.append(Answer(link: link, asker: asker, at: now))
        return true
    }

    /// When the first of the answers is due that were put off.
    var answerAt: NIODeadline? {
        recent.lazy.filter(\.isWanted).map { $0.at + Limits.LAN.mergeAnswers }.min()
    }

    /// Answers that were put off and are due now.
    mutating func takeDueAnswers(_ now: NIODeadline) -> [Answer] {
        guard let answerAt, answerAt <= now else { return [] }
        var due: [Answer] = []
        for index in recent.indices
        where recent[index].isWanted && recent[index].at + Limits.LAN.mergeAnswers <= now {
            recent[index].isWanted = false
            recent[index].at = now
            if answers.take(1, now: now) { due.append(recent[index]) }
        }
        return due
    }

    /// Whether one more peer is believed.
    mutating func mayReport(_ peer: Endpoint, now: NIODeadline) -> Bool {
        if now - windowStart >= Limits.LAN.peersWindow {
            peers = []
            windowStart = now
        }
        guard peers.count < Limits.LAN.peersPerTopicMax || peers.contains(peer) else {
            return false
        }
        peers.insert(peer)
        hasPeers = true
        return true
    }
}
