import HyperCrypto
import TestSupport
import Testing

@testable import Hypercore

@Suite(.timeLimit(.minutes(1)))
struct RunLengthTests {
    @Test func encodesAndDecodesLikeTheReference() throws {
        let golden = try Fixtures.json("hypercore/rle.json")
        for entry in golden["cases"].array {
            let fill = entry["fill"]
            let input =
                fill.isNull
                ? try #require([UInt8](hex: entry["input"].string))
                : [UInt8](repeating: UInt8(fill["byte"].int), count: fill["length"].int)
            let encoded = RunLength.encode(input)
            #expect(encoded.hex == entry["encoded"].string)
            var decoded = try RunLength.decode(encoded, maxBytes: input.count)
            #expect(decoded.count == entry["decodedLength"].int)
            while decoded.count % 4 != 0 { decoded.append(0) }
            if let expected = entry["decodedAlign4"].stringOrNil {
                #expect(decoded.hex == expected)
            }
        }
        for entry in golden["invalid"].array {
            let bytes = try #require([UInt8](hex: entry["encoded"].string))
            let error = #expect(throws: FeedError.self) {
                try RunLength.decode(bytes, maxBytes: 1 << 20)
            }
            #expect(error?.code == .unverified)
        }
    }

    @Test func whateverIsEncodedComesBack() throws {
        var random = SeededRandom.announced()
        for _ in 0..<200 {
            var input: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<12, using: &random) {
                let byte =
                    [0, 0xff, UInt8.random(in: 0...255, using: &random)]
                    .randomElement(using: &random) ?? 0
                input += [UInt8](
                    repeating: byte, count: Int.random(in: 1..<40, using: &random))
            }
            let decoded = try RunLength.decode(RunLength.encode(input), maxBytes: input.count)
            #expect(decoded == Array(input.prefix(decoded.count)))
            #expect(input.dropFirst(decoded.count).allSatisfy { $0 == 0 })
        }
    }

    @Test func aFewBytesThatClaimGigabytesAreRefusedAtOnce() {
        for bytes: [UInt8] in [
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x07], [0x81, 0x80, 0x80, 0x80, 0x10],
            [UInt8](repeating: 0xff, count: 9) + [0x01],
            [UInt8](repeating: 0xff, count: 30),
        ] {
            #expect(throws: FeedError.self) { try RunLength.decode(bytes, maxBytes: 131_072) }
        }
    }

    @Test func anyBytesDecodeOrAreRefused() {
        var random = SeededRandom.announced()
        for _ in 0..<500 {
            let bytes = random.bytes(Int.random(in: 0..<20, using: &random))
            let decoded = try? RunLength.decode(bytes, maxBytes: 1000)
            #expect((decoded?.count ?? 0) <= 1000)
        }
    }
}
