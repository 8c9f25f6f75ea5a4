import HyperCrypto
import NIOCore

/// Finding peers of a topic on the local network by multicast DNS, as the family does it
/// (docs/spec/swarm.md 1). Pure: packets, interfaces and time go in; packets, peers and the next
/// deadline come out.
///
/// The owner calls `advance` at `nextDeadline` and after everything it asked for, and then does
/// what `takeEffects` says.
struct LANDiscovery: Sendable {
    /// Somebody on the LAN who said that he has a topic. Nothing of it is proven.
    struct Sighting: Hashable, Sendable {
        let topic: Bytes32
        let peer: Endpoint
        /// Where he was heard; a link-local address means nothing without it.
        let interface: Int32
        /// What he calls himself for this topic: the same on all his addresses.
        let marker: Bytes32?
    }

    enum Effect: Hashable, Sendable {
        /// A packet for the group of a link.
        case send([UInt8], LANInterface.Link)
        case found(Sighting)
    }

    /// What has happened so far, for people.
    struct Counts: Sendable {
        var queries = 0
        /// Responses that named a topic of ours and were not our own.
        var answers = 0
        /// Responses of our own that came back: the network carries multicast, to ourselves at
        /// least.
        var echoes = 0
        /// Packets that were not looked at: malformed, from elsewhere, or too many.
        var refused = 0
    }

    var topics: [Bytes32: LANTopic] = [:]
    /// Topics by name; more than one only where their first 20 bytes are the same.
    var topicsByName: [DNSName: [Bytes32]] = [:]
    private(set) var interfaces: [LANInterface] = []
    private var effects: [Effect] = []
    private var random: any RandomNumberGenerator & Sendable
    var packets: TokenBucket
    var counts = Counts()

    init(random: any RandomNumberGenerator & Sendable, now: NIODeadline) {
        self.random = random
        let rate = Limits.LAN.packetsPerSecond
        packets = TokenBucket(perSecond: rate, burst: rate * 2, now: now)
    }

    /// Where packets can be sent and heard.
    var links: [LANInterface.Link] { interfaces.flatMap(\.links) }

    /// Whether anybody but ourselves was ever heard about one of our topics.
    var hasAnswers: Bool { counts.answers > 0 }

    /// Looks for a topic, announces that peers can connect to `port`, both or neither. Joining
    /// again replaces what was. Returns false when there are too many topics.
    @discardableResult
    mutating func join(
        _ topic: Bytes32, announce port: UInt16?, lookup: Bool, now: NIODeadline
    ) -> Bool {
        leave(topic)
        guard topics.count < Limits.LAN.topicsMax, port != 0 else { return false }
        let marker = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        let new = LANTopic(topic, port: port, isLookup: lookup, marker: marker, now: now)
        topics[topic] = new
        topicsByName[new.name, default: []].append(topic)
        return true
    }

    /// Nothing is sent: there are no goodbyes in this protocol (1.6).
    mutating func leave(_ topic: Bytes32) {
        guard let old = topics.removeValue(forKey: topic) else { return }
        topicsByName[old.name]?.removeAll { $0 == topic }
        if topicsByName[old.name]?.isEmpty == true { topicsByName[old.name] = nil }
    }

    /// The interfaces of this machine as they are now. On a new one everybody is asked and told
    /// at once.
    mutating func use(_ current: [LANInterface], now: NIODeadline) {
        let known = Set(links)
        interfaces = Array(current.prefix(Limits.LAN.interfacesMax))
        if links.contains(where: { !known.contains($0) }) { refresh(now: now) }
    }

    /// Everybody is asked and told at once: who is on the other side may be somebody else.
    mutating func refresh(now: NIODeadline) {
        topics = topics.mapValues { topic in
            var topic = topic
            if topic.isLookup { topic.queryAt = now }
            topic.isAnnouncementDue = topic.port != nil
            return topic
        }
    }

    /// When `advance` has something to do.
    var nextDeadline: NIODeadline? {
        guard !interfaces.isEmpty else { return nil }
        if topics.values.contains(where: \.isAnnouncementDue) { return .uptimeNanoseconds(0) }
        return topics.values.lazy.flatMap { [$0.queryAt, $0.answerAt] }.compactMap { $0 }.min()
    }

    /// Sends what is due.
    mutating func advance(to now: NIODeadline) {
        guard !interfaces.isEmpty else { return }
        sendQueries(now)
        sendAnnouncements()
        sendAnswers(now)
    }

    /// What is to be done, in order.
    mutating func takeEffects() -> [Effect] {
        defer { effects = [] }
        return effects
    }

    mutating func emit(_ effect: Effect) {
        if effects.count < Limits.LAN.effectsMax { effects.append(effect) }
    }
}

// MARK: - Sending

extension LANDiscovery {
    /// All topics that are due, or will be in a moment, in as few packets as they fit.
    private mutating func sendQueries(_ now: NIODeadline) {
        guard topics.values.contains(where: { $0.queryAt.map { $0 <= now } ?? false }) else {
            return
        }
        let soon = now + Limits.LAN.mergeWindow
        let due = topics.filter { $0.value.queryAt.map { $0 <= soon } ?? false }.map(\.key)
        var questions: [DNSPacket.Question] = []
        var size = 12
        for topic in due.sorted(by: { $0.hex < $1.hex }) {
            guard var entry = topics[topic] else { continue }
            entry.queryAt = now + wait(&entry)
            topics[topic] = entry
            let question = DNSPacket.Question(name: entry.name)
            guard !questions.contains(question) else { continue }
            let bytes = entry.name.wireBytes + 4
            if size + bytes > Limits.LAN.packetBytes {
                broadcast(DNSPacket(questions: questions))
                (questions, size) = ([], 12)
            }
            questions.append(question)
            size += bytes
        }
        broadcast(DNSPacket(questions: questions))
    }

    private mutating func wait(_ topic: inout LANTopic) -> TimeAmount {
        if !topic.hasPeers, topic.repeats < Limits.LAN.earlyRepeats.count {
            topic.repeats += 1
            return Limits.LAN.earlyRepeats[topic.repeats - 1]
        }
        return interval()
    }

    /// The pause between two queries.
    mutating func interval() -> TimeAmount {
        .milliseconds(Int64.random(in: Limits.LAN.queryInterval, using: &random))
    }

    private mutating func sendAnnouncements() {
        let due = topics.filter(\.value.isAnnouncementDue).map(\.key).sorted { $0.hex < $1.hex }
        guard !due.isEmpty else { return }
        for topic in due { topics[topic]?.isAnnouncementDue = false }
        for packet in Self.packets(of: due.compactMap { topics[$0]?.records }, asker: nil) {
            broadcast(packet)
        }
    }

    /// Those that were put off.
    private mutating func sendAnswers(_ now: NIODeadline) {
        for topic in topics.keys.filter({ topics[$0]?.answerAt.map { $0 <= now } ?? false }) {
            guard var entry = topics[topic] else { continue }
            for answer in entry.takeDueAnswers(now) {
                for packet in Self.packets(of: [entry.records], asker: answer.asker) {
                    emit(.send(packet.encoded, answer.link))
                }
            }
            topics[topic] = entry
        }
    }

    private mutating func broadcast(_ packet: DNSPacket) {
        let bytes = packet.encoded
        if !packet.isResponse { counts.queries += 1 }
        for link in links { emit(.send(bytes, link)) }
    }

    /// The records of a topic stay together (1.5); topics share packets as far as they fit.
    static func packets(of topics: [[DNSRecord]], asker: IPAddress?) -> [DNSPacket] {
        let referrer = asker.map { [Self.referrer($0)] } ?? []
        var packets: [DNSPacket] = []
        var answers: [DNSRecord] = []
        for records in topics {
            let next = DNSPacket(answers: answers + records + referrer)
            if !answers.isEmpty, next.encoded.count > Limits.LAN.packetBytes {
                packets.append(DNSPacket(answers: answers + referrer))
                answers = []
            }
            answers += records
        }
        if !answers.isEmpty { packets.append(DNSPacket(answers: answers + referrer)) }
        return packets
    }

    /// Tells the asker his own address (1.4).
    private static func referrer(_ asker: IPAddress) -> DNSRecord {
        let labels = ["referrer", "hyperswarm", "local"].map { Array($0.utf8) }
        return DNSRecord(
            name: DNSName(labels: labels), content: asker.isVersion6 ? .aaaa(asker) : .a(asker))
    }
}
