import HyperCrypto
import NIOCore

extension LANDiscovery {
    /// A packet that came in on a link. Only such from a directly connected network count
    /// (docs/spec/swarm.md 1.7): nobody far away makes us talk or dial.
    mutating func receive(
        _ datagram: UnsafeRawBufferPointer, from source: Endpoint, on link: LANInterface.Link,
        now: NIODeadline
    ) {
        guard let interface = interfaces.first(where: { $0.index == link.interface }),
            source.ip.isVersion6 == link.isVersion6, interface.isDirect(source.ip),
            !topics.isEmpty, datagram.count <= Limits.LAN.packetBytesMax,
            packets.take(1, now: now), let packet = try? DNSPacket(decoding: datagram)
        else {
            counts.refused += 1
            return
        }
        if packet.isResponse {
            hear(packet, from: source.ip, on: interface, now: now)
        } else {
            answer(packet.questions, of: source.ip, on: link, now: now)
        }
    }

    /// Says where we are to whoever asks for a topic that we announce.
    private mutating func answer(
        _ questions: [DNSPacket.Question], of asker: IPAddress, on link: LANInterface.Link,
        now: NIODeadline
    ) {
        var asked: [Bytes32] = []
        for question in questions.prefix(Limits.LAN.answeredQuestionsMax) {
            guard let named = topicsByName[question.name] else { continue }
            guard [DNSRecord.Kind.srv, DNSRecord.Kind.any].contains(question.kind) else { continue }
            for topic in named where !asked.contains(topic) { asked.append(topic) }
        }
        var answers: [[DNSRecord]] = []
        for topic in asked where topics[topic]?.port != nil {
            guard topics[topic]?.mayAnswer(asker, on: link, now: now) == true else { continue }
            answers.append(topics[topic]?.records ?? [])
        }
        for packet in Self.packets(of: answers, asker: asker) {
            emit(.send(packet.encoded, link))
        }
    }

    /// Takes note of who has our topics.
    private mutating func hear(
        _ packet: DNSPacket, from source: IPAddress, on interface: LANInterface, now: NIODeadline
    ) {
        for record in packet.answers {
            guard case .srv(_, _, let port, let target) = record.content, port > 0,
                let named = topicsByName[record.name],
                let address = Self.address(target, source, interface)
            else { continue }
            let marker = packet.answers.lazy.compactMap { other -> [UInt8]? in
                guard other.name == record.name, case .txt(let strings) = other.content else {
                    return nil
                }
                return strings.first ?? []
            }.first
            for topic in named {
                guard let own = topics[topic] else { continue }
                guard own.marker != marker else {
                    counts.echoes += 1
                    continue
                }
                let peer = Endpoint(ip: address, port: port)
                guard topics[topic]?.mayReport(peer, now: now) == true else { continue }
                counts.answers += 1
                // The first answer ends the early repeats.
                if own.isLookup, !own.hasPeers {
                    let next = now + interval()
                    topics[topic]?.queryAt = next
                }
                let name = marker.flatMap { Bytes32($0.dropFirst(3)) }
                emit(
                    .found(
                        Sighting(
                            topic: topic, peer: peer, interface: interface.index, marker: name)))
            }
        }
    }

    /// Whom a record means: the sender, or somebody on the sender's own network.
    private static func address(
        _ target: DNSName, _ source: IPAddress, _ interface: LANInterface
    ) -> IPAddress? {
        let text = target.description
        if text == "0.0.0.0" { return source }
        guard let address = IPAddress(text), !address.isMulticast, !address.isUnspecified,
            address.isLoopback == source.isLoopback
        else { return nil }
        let isTogether = interface.subnets.contains {
            $0.contains(source) && $0.contains(address)
        }
        return isTogether ? address : nil
    }
}
