import HyperCrypto
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct XSalsa20StreamTests {
    private let key = SecureBytes(count: 32) { out in
        for i in out.indices { out[i] = UInt8(i) }
    }
    private let nonce = (0..<24).map { UInt8($0 * 7) }

    @Test func cuttingTheStreamAnywhereChangesNothing() {
        var random = SeededRandom.announced()
        let text = random.bytes(1000)
        var whole = text
        var stream = XSalsa20Stream(key: key, nonce: nonce)
        stream.xor(&whole)
        for _ in 0..<20 {
            var pieces: [UInt8] = []
            var stream = XSalsa20Stream(key: key, nonce: nonce)
            while pieces.count < text.count {
                let size = min(Int(random.next() % 150), text.count - pieces.count)
                var piece = Array(text[pieces.count..<pieces.count + size])
                stream.xor(&piece)
                pieces += piece
                #expect(stream.position == UInt64(pieces.count))
            }
            #expect(pieces == whole)
        }
    }

    @Test func eachCutAroundABlockBorderGivesTheSameStream() {
        var whole = [UInt8](repeating: 0, count: 200)
        var stream = XSalsa20Stream(key: key, nonce: nonce)
        stream.xor(&whole)
        for cut in 0...130 {
            var head = [UInt8](repeating: 0, count: cut)
            var tail = [UInt8](repeating: 0, count: 200 - cut)
            var stream = XSalsa20Stream(key: key, nonce: nonce)
            stream.xor(&head)
            stream.xor(&tail)
            #expect(head + tail == whole)
        }
    }

    @Test func anEmptyPieceIsNoStep() {
        var stream = XSalsa20Stream(key: key, nonce: nonce)
        var nothing: [UInt8] = []
        stream.xor(&nothing)
        #expect(stream.position == 0)
        stream.xor(UnsafeMutableRawBufferPointer(start: nil, count: 0))
        #expect(stream.position == 0)
    }

    @Test func theKeystreamIsThatOfThePublishedVector() throws {
        // "Cryptography in NaCl", Daniel J. Bernstein, section 10.
        let key = try #require(
            [UInt8](hex: "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389"))
        let nonce = try #require([UInt8](hex: "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37"))
        var stream = XSalsa20Stream(
            key: SecureBytes(count: 32) { $0.copyBytes(from: key) }, nonce: nonce)
        var keystream = [UInt8](repeating: 0, count: 32)
        stream.xor(&keystream)
        #expect(
            keystream.hex == "eea6a7251c1e72916d11c2cb214d3c252539121d8e234e652d651fa4c8cff880")
    }
}
