import Hypercore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HypercoreExample {
    @Test func runs() throws {
        // -- the example
        let feed = try Feed(storage: MemoryStorage())
        try feed.append([Array("hello".utf8), Array("world".utf8)])

        // Who knows the key verifies each block, whoever it came from.
        let copy = try Feed(storage: MemoryStorage(), key: feed.key)
        let digest = copy.digest(for: 1)
        if let proof = try feed.proof(
            for: 1, digest: digest, includeLeaf: false, remote: RemoteNodes())
        {
            try copy.put(1, value: feed.block(1), proof: proof)
        }
        let block = try copy.block(1)
        print(copy.length, copy.has(0), block == Array("world".utf8))
        // -- its end
        #expect(try copy.block(1) == Array("world".utf8))
    }
}
