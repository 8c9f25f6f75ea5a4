import HyperCrypto
import Hypercore

/// What a trie needs of a feed.
protocol BlockLog: AnyObject, Sendable {
    var key: PublicKey { get }
    var length: UInt64 { get }
    var isWritable: Bool { get }
    func has(_ block: UInt64) -> Bool
    func block(_ index: UInt64) throws -> [UInt8]?
    @discardableResult func append(_ blocks: [[UInt8]]) throws -> UInt64
}

extension Feed: BlockLog {}
