import Foundation
import HyperCrypto
import TestSupport
import Testing
import WireMessages

@testable import Replication

@Suite(.timeLimit(.minutes(1)))
struct MessageFuzzTests {
    private func randomData(_ random: inout SeededRandom) -> Message {
        let index = random.uint64() >> UInt64.random(in: 11...63, using: &random)
        let leaf = WireNode(
            index: index &* 2 >> 1 == index ? index * 2 : 0, hash: Bytes32(), size: 0)
        let nodes = (0..<Int.random(in: 0...5, using: &random)).map { _ in
            WireNode(
                index: random.uint64() >> UInt64.random(in: 11...63, using: &random),
                hash: random.bytes32(),
                size: random.uint64() >> UInt64.random(in: 11...63, using: &random))
        }
        let value =
            Bool.random(using: &random)
            ? random.bytes(Int.random(in: 0...300, using: &random)) : nil
        let hashOnly = value == nil && leaf.index <= SessionLimits.integer
        return .data(
            index: index, value: hashOnly ? nil : value ?? [],
            nodes: hashOnly ? [leaf] + nodes : nodes,
            signature: Bool.random(using: &random) ? random.bytes(64) : nil)
    }

    private func encode(_ message: Message) -> [UInt8] {
        guard case .data(let index, let value, let nodes, let signature) = message else {
            return []
        }
        var bytes: [UInt8] = []
        DataBody.append(
            index: index, value: value, nodes: nodes, signature: signature, to: &bytes)
        #expect(
            bytes.count
                == DataBody.size(index: index, value: value, nodes: nodes, signature: signature))
        return bytes
    }

    @Test func dataByHandIsDataByTheGeneratedCode() throws {
        var random = SeededRandom.announced()
        for _ in 0..<300 {
            let message = randomData(&random)
            let bytes = encode(message)
            #expect(try message.wire.serializedBytes() == bytes)
            #expect(try bytes.withUnsafeBytes { try DataBody.decode($0) } == message)
        }
    }

    @Test func damagedDataIsRefusedOrReadAsTheGeneratedCodeReadsIt() throws {
        var random = SeededRandom.announced()
        var taken = 0
        for _ in 0..<1500 {
            var bytes = encode(randomData(&random))
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
            guard let message = try? bytes.withUnsafeBytes({ try DataBody.decode($0) }) else {
                continue
            }
            taken += 1
            var wire = try Wire_Data(serializedBytes: bytes)
            wire.unknownFields = .init()
            for i in wire.nodes.indices { wire.nodes[i].unknownFields = .init() }
            #expect(try wire.serializedBytes() == encode(message))
        }
        #expect(taken > 100)
    }

    @Test func anyBytesAreAnyMessageOrAnErrorAndNothingElse() throws {
        var random = SeededRandom.announced()
        for _ in 0..<3000 {
            var body = random.bytes(Int.random(in: 0...40, using: &random))
            // Plausible tags reach further.
            for i in body.indices where i % 2 == 0 && Bool.random(using: &random) {
                body[i] = [0x08, 0x10, 0x18, 0x20, 0x0a, 0x12, 0x1a, 0x22].randomElement(
                    using: &random)!
            }
            let frame = PlainFrame(
                channel: 1, type: UInt8.random(in: 1...9, using: &random), body: body)
            guard let message = try? frame.message() else { continue }
            let again = PlainFrame(
                channel: 1, type: frame.type, body: try message.wire.serializedBytes())
            #expect(try again.message() == message)
        }
    }
}
