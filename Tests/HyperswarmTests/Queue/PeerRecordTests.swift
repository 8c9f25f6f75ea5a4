import TestSupport
import Testing

@testable import Hyperswarm

/// The reference's state machine of one peer, step for step.
@Suite(.timeLimit(.minutes(1)))
struct PeerRecordTests {
    private static let json = try? Fixtures.json("swarm/peer-queue.json")

    private func expect(_ record: PeerRecord, _ told: JSON, _ context: String) {
        #expect(record.priority == told["priority"].int, "\(context)")
        #expect(record.isPrioritized == told["prioritised"].bool, "\(context)")
        #expect(record.retries == told["retries"].int, "\(context)")
        #expect(record.isBanned == told["banned"].bool, "\(context)")
        #expect(record.isProven == told["proven"].bool, "\(context)")
        #expect(record.reconnects == told["reconnect"].bool, "\(context)")
        #expect(record.isActive == told["active"].bool, "\(context)")
        #expect(record.wasTried == told["tried"].bool, "\(context)")
        #expect(record.isFirewalled == told["firewalled"].bool, "\(context)")
        #expect(record.isFirewalled == (told["type"].string != "tcp"), "\(context)")
    }

    private func record(of peer: JSON) -> PeerRecord {
        PeerRecord(
            isLocal: peer["local"].bool,
            isBehindOurAddress: !peer["to"].isNull
                && peer["to"]["host"].string == peer["host"].string)
    }

    @Test func everyKindOfNewPeerStartsAsRecorded() throws {
        let initial = try #require(Self.json)["initial"].array
        #expect(initial.count == 5)
        for told in initial {
            let name = told["case"].string
            let record = PeerRecord(
                isLocal: name.hasPrefix("local"), isBehindOurAddress: name.contains("same public"))
            expect(record, told, name)
        }
    }

    @Test func everyRecordedSequenceIsRepeated() throws {
        let sequences = try #require(Self.json)["sequences"].array
        #expect(sequences.count == 8)
        for sequence in sequences {
            var record = record(of: sequence["peer"])
            for (index, step) in sequence["steps"].array.enumerated() {
                let context = "\(sequence["name"].string), step \(index): \(step["op"].string)"
                switch step["op"].string {
                case "new", "disconnected": break
                case "update":
                    let returned = record.update()
                    #expect(returned == step["returned"].bool, "\(context)")
                case "shift": record.taken()
                case "requeue":
                    let returned = record.requeue() ?? -1
                    #expect(returned == step["returned"].int, "\(context)")
                case "timer":
                    let returned = record.waited()
                    #expect(returned == step["returned"].bool, "\(context)")
                case "connected tcp": record.connected(isTCP: true)
                case "connected utp": record.connected(isTCP: false)
                case "ban": record.ban()
                case "backoff":
                    let returned = record.backedOff()
                    #expect(returned == step["returned"].bool, "\(context)")
                case "reconnect off": record.reconnects = false
                default: Issue.record("unknown step: \(context)")
                }
                expect(record, step, context)
            }
        }
    }

    @Test func theWaitsAreTheRecordedOnes() throws {
        let json = try #require(Self.json)
        let classes = Limits.Queue.retryClasses.map { Int($0.nanoseconds / 1_000_000) }
        #expect(classes == json["backoff_ms"].array.map(\.int))
        let forget = Int(Limits.Queue.forgetAfter.nanoseconds / 1_000_000)
        #expect(forget == json["forget_unresponsive_ms"].int)
        #expect(json["forget_banned"].string == "never")
    }
}
