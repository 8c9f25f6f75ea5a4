import TestSupport
import Testing

@testable import Replication

@Suite(.timeLimit(.minutes(1)))
struct FrameTests {
    @Test func framesDoNotDependOnTheCuts() throws {
        var random = SeededRandom.announced()
        for _ in 0..<30 {
            var frames: [PlainFrame] = []
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let size = [0, 1, 120, 126, 127, 20000].randomElement(using: &random)!
                let frame = PlainFrame(
                    channel: random.next() >> UInt64.random(in: 37...63, using: &random),
                    type: UInt8.random(in: 0...15, using: &random), body: random.bytes(size))
                frames.append(frame)
                bytes += frame.bytes
                // Keep-alives anywhere between frames.
                bytes += [UInt8](repeating: 0, count: Int.random(in: 0...2, using: &random))
            }
            #expect(try PlainFrame.all([bytes]) == frames)
            #expect(try PlainFrame.all(randomChunks(bytes, &random)) == frames)
        }
    }

    @Test func anUnfinishedFrameIsNotAFrame() throws {
        let frame = PlainFrame(channel: 300, type: 9, body: [UInt8](repeating: 7, count: 200)).bytes
        for count in frame.indices { #expect(try PlainFrame.all([Array(frame[..<count])]) == []) }
    }

    @Test(arguments: [
        ("length of 8 bytes without end", "ffffffffffffffff"),
        ("length over 2^53-1", "ffffffffffffff1f"),
        ("length over 8 MiB", "8a808004"),
        ("length over 8 MiB less its header", "82808004" + "10"),
        ("frame that ends in its header", "018080"),
        ("header without end", "10ffffffffffffffff"),
        ("channel 2^27", "068080808008aa"),
        ("zero in two bytes", "8000"),
    ])
    func hostileFramesAreRefused(why: String, hex: String) throws {
        let bytes = try #require([UInt8](hex: hex))
        #expect(throws: SessionError.self, Comment(rawValue: why)) { try PlainFrame.all([bytes]) }
        #expect(throws: SessionError.self, Comment(rawValue: why)) {
            try PlainFrame.all(bytes.map { [$0] })
        }
    }

    @Test func theLargestFrameIsTaken() throws {
        let frame = PlainFrame(channel: 1, type: 9, body: [UInt8](repeating: 7, count: 8 << 20))
        var bytes = frame.bytes
        #expect(try PlainFrame.all([bytes]) == [frame])
        bytes[0] += 1
        #expect(throws: SessionError.self) { try PlainFrame.all([bytes]) }
    }

    @Test func numbersRoundTrip() {
        var numbers: [UInt64] = [0, SessionLimits.integer]
        for bits in 1..<53 { numbers += [(1 << UInt64(bits)) - 1, 1 << UInt64(bits)] }
        for number in numbers {
            var bytes: [UInt8] = []
            Varint.append(number, to: &bytes)
            #expect(bytes.count == Varint.size(number))
            bytes.withUnsafeBytes {
                #expect(
                    Varint.read($0, at: 0, end: $0.count) == .value(number, size: $0.count))
                #expect(Varint.read($0, at: 0, end: $0.count - 1) == .incomplete)
            }
        }
    }
}
