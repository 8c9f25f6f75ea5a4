import HyperCrypto
import NIOCore
import TestSupport
import Testing

@testable import Hyperswarm

@Suite(.timeLimit(.minutes(1)))
struct DHTRoutingTableTests {
    private static let now = DHTFixtures.start

    /// Addresses of which no two are in one network.
    private static func entry(_ id: DHTKey, _ number: Int, heard: NIODeadline = now)
        -> DHTRoutingTable.Entry
    {
        let ip = 0x1000_0000 + UInt32(number) << 16
        return .init(id: id, address: DHTAddress(ip: ip, port: 1000), heard: heard)
    }

    @Test func insertsSplitsAndFindsAsTheReferenceFamilyDoes() throws {
        let json = try Fixtures.json("swarm/routing-table.json")
        var table = DHTRoutingTable(own: try DHTFixtures.key(json["localId"].string))
        #expect(json["adds"].array.count == 140)
        for (number, add) in json["adds"].array.enumerated() {
            let outcome = table.add(Self.entry(try DHTFixtures.key(add["id"].string), number))
            switch add["result"].string {
            case "added": #expect(outcome == .added)
            case "ping":
                guard case .full(let oldest) = outcome else {
                    Issue.record("insert \(number) found room")
                    continue
                }
                #expect(oldest.map(\.id.raw.hex) == add["ping"].array.map(\.string))
            default: Issue.record("\(add) is new")
            }
        }
        #expect(table.count == json["count"].int)
        try expectSameTree(table, json["buckets"].array)
        for query in json["closest"].array {
            let target = try DHTFixtures.key(query["target"].string)
            let found = table.closest(to: target, count: 20).map(\.id.raw.hex)
            #expect(found == query["closest20_exact"].array.map(\.string))
        }
    }

    /// Ours is a list of buckets along our own id; theirs a tree.
    private func expectSameTree(_ table: DHTRoutingTable, _ buckets: [JSON]) throws {
        #expect(buckets.count == table.buckets.count)
        let bits: [Character] = table.own.raw.bytes.flatMap { byte -> [Character] in
            (0..<8).map { shift -> Character in byte >> (7 - UInt8(shift)) & 1 == 1 ? "1" : "0" }
        }
        for bucket in buckets {
            let prefix = bucket["prefix"].string
            let shared = zip(prefix, bits).prefix { $0 == $1 }.count
            let ours = table.buckets[shared].map(\.id.raw.hex)
            #expect(ours == bucket["ids"].array.map(\.string), "bucket \(prefix)")
        }
    }

    @Test func theNearestAreTheNearestOfAll() {
        var random = SeededRandom.announced()
        for _ in 0..<8 {
            var table = DHTRoutingTable(own: DHTKey(random: &random))
            for number in 0..<300 {
                _ = table.add(Self.entry(DHTKey(random: &random), number))
            }
            let target = Bool.random(using: &random) ? table.own : DHTKey(random: &random)
            let all = table.entries.map(\.id).sorted {
                $0.distance(to: target) < $1.distance(to: target)
            }
            for count in [0, 1, 20, 1000] {
                #expect(
                    table.closest(to: target, count: count).map(\.id) == Array(all.prefix(count)))
            }
        }
    }

    @Test func whoAnswersAgainIsYoungestAndWhoMovesIsNotBelieved() {
        var random = SeededRandom(seed: 1)
        var table = DHTRoutingTable(own: DHTKey(random: &random))
        let ids = (0..<3).map { _ in DHTKey(random: &random) }
        for (number, id) in ids.enumerated() { _ = table.add(Self.entry(id, number)) }
        #expect(table.add(Self.entry(ids[0], 0, heard: Self.now + .seconds(9))) == .refreshed)
        #expect(table.buckets[0].map(\.id) == [ids[1], ids[2], ids[0]])
        #expect(table.add(Self.entry(ids[1], 77)) == .conflicting)
        #expect(table[ids[1]]?.address == Self.entry(ids[1], 1).address)
        #expect(table.add(Self.entry(table.own, 5)) == .refused)
        #expect(table.stalest(9, before: Self.now + .seconds(1)).map(\.id) == [ids[1], ids[2]])
        table.remove(ids[1])
        table.remove(ids[1])
        #expect(table.count == 2 && table[ids[1]] == nil)
    }

    /// Ids are free, addresses are not (docs/spec/dht.md section 12).
    @Test func oneNetworkGetsNoMoreThanItsShare() {
        var random = SeededRandom(seed: 2)
        var table = DHTRoutingTable(own: DHTKey(random: &random))
        func add(_ ip: UInt32, trusted: Bool = false) -> DHTRoutingTable.Outcome {
            let address = DHTAddress(ip: ip, port: UInt16.random(in: 1...9999, using: &random))
            return table.add(
                .init(id: DHTKey(random: &random), address: address, heard: Self.now),
                isTrusted: trusted)
        }
        #expect(add(0x5000_0001) == .added && add(0x5000_0002) == .added)
        #expect(add(0x5000_0003) == .refused && add(0x5000_0003, trusted: true) == .added)
        for net in 1...5 { #expect(add(0x5000_0001 + UInt32(net) << 8) == .added) }
        #expect(add(0x5000_6001) == .refused, "the /16 has its eight")
        for host in 1...12 { #expect(add(0x7f00_0000 + UInt32(host)) == .added) }
    }

    /// Whoever knows our id can make ids that share as many bits with it as they like.
    @Test func idsNearOursSplitTheTableAndStayBounded() {
        var random = SeededRandom(seed: 3)
        var table = DHTRoutingTable(own: DHTKey(random: &random))
        for shared in stride(from: 0, to: 256, by: 5) {
            for number in 0..<22 {
                var bytes = table.own.raw.bytes
                bytes[shared / 8] ^= 0x80 >> UInt8(shared % 8)
                for bit in (shared + 1)..<256 where Bool.random(using: &random) {
                    bytes[bit / 8] ^= 0x80 >> UInt8(bit % 8)
                }
                guard let raw = Bytes32(bytes) else { continue }
                _ = table.add(Self.entry(DHTKey(raw), shared * 22 + number))
            }
        }
        #expect(table.count <= 256 * 20 && table.buckets.allSatisfy { $0.count <= 20 })
        #expect(table.buckets.count <= 256)
    }
}
