import HyperCrypto
import Synchronization

@testable import Hypertrie

final class MemoryLog: BlockLog {
    let blocks = Mutex<[[UInt8]]>([])
    let key: PublicKey
    init(key: PublicKey = PublicKey(Bytes32())) { self.key = key }
    var length: UInt64 { blocks.withLock { UInt64($0.count) } }
    var isWritable: Bool { true }
    func has(_ block: UInt64) -> Bool { block < length }
    func block(_ index: UInt64) throws -> [UInt8]? {
        blocks.withLock { index < $0.count ? $0[Int(index)] : nil }
    }
    func append(_ new: [[UInt8]]) throws -> UInt64 {
        blocks.withLock {
            $0 += new
            return UInt64($0.count - new.count)
        }
    }
}

func makeTrie(_ name: UInt8 = 0) throws -> Trie {
    var key = Bytes32()
    key.withUnsafeMutableBytes { $0[0] = name }
    let core = TrieCore(log: MemoryLog(key: PublicKey(key)))
    try core.writeHeader(TrieHeader())
    return Trie(core: core)
}
