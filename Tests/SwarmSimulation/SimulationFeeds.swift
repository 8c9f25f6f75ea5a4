import HyperCrypto
import Hypercore
import TestSupport

/// Feeds for tests: contents that can be told from the index.
package enum SimulationFeeds {
    package static func block(_ index: UInt64, bytes: Int, salt: UInt8 = 7) -> [UInt8] {
        var block = [UInt8](repeating: UInt8(truncatingIfNeeded: index) ^ salt, count: bytes)
        for i in 0..<min(bytes, 8) { block[i] ^= UInt8(truncatingIfNeeded: index >> UInt64(8 * i)) }
        return block
    }

    package static func writer(_ seed: UInt64, blocks: Int, bytes: Int = 512) throws -> Feed {
        var random = SeededRandom(seed: seed)
        let feed = try Feed(
            storage: MemoryStorage(), keyPair: KeyPair(seed: random.bytes32()))
        if blocks > 0 {
            try feed.append((0..<UInt64(blocks)).map { block($0, bytes: bytes) })
        }
        return feed
    }

    package static func reader(of feed: Feed) throws -> Feed {
        try Feed(storage: MemoryStorage(), key: feed.key)
    }

    package static func isCopy(_ copy: Feed, of feed: Feed) throws -> Bool {
        guard copy.length == feed.length else { return false }
        for index in 0..<feed.length where try copy.block(index) != feed.block(index) {
            return false
        }
        return true
    }
}
