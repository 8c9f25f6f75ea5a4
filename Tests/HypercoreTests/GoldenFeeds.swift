import Foundation
import HyperCrypto
import TestSupport
import Testing

@testable import Hypercore

/// The blocks of generated feeds (`Tests/Fixtures/hypercore/README.md`).
struct BlockGenerator {
    let mul: Int
    let add: Int
    let mod: Int
    let salt: Int

    static let usual = BlockGenerator(mul: 7919, add: 13, mod: 97, salt: 5)

    init(mul: Int, add: Int, mod: Int, salt: Int) {
        self.mul = mul
        self.add = add
        self.mod = mod
        self.salt = salt
    }

    init(_ json: JSON) {
        self.init(
            mul: json["mul"].int, add: json["add"].int, mod: json["mod"].int,
            salt: json["salt"].int)
    }

    func block(_ i: UInt64) -> [UInt8] {
        let i = Int(i)
        return (0..<(i * mul + add) % mod).map { UInt8((i * 31 + $0 * 17 + salt) & 255) }
    }

    func blocks(_ range: Range<UInt64>) -> [[UInt8]] { range.map(block) }
}

/// Storage like the reference's file backend: a delete cuts the file or does nothing.
struct NoHoleStorage: FeedStorage {
    let base: any FeedStorage

    func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)? {
        try base.open(file, create: create).map(NoHoleFile.init)
    }
}

struct NoHoleFile: RandomAccessFile {
    let base: any RandomAccessFile

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try base.read(at: offset, into: buffer)
    }
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws {
        try base.write(bytes, at: offset)
    }
    func size() throws -> UInt64 { try base.size() }
    func truncate(to size: UInt64) throws { try base.truncate(to: size) }
    func punchHole(_ range: Range<UInt64>) throws {}
    func sync() throws { try base.sync() }
    func close() throws { try base.close() }
}

extension TreeNode {
    init(_ json: JSON) throws {
        self.init(
            index: json["index"].uint64, hash: try #require(Bytes32(hex: json["hash"].string)),
            size: json["size"].uint64)
    }
}

extension Proof {
    init(_ json: JSON) throws {
        self.init(
            nodes: try json["nodes"].array.map { try TreeNode($0) },
            signature: json["signature"].stringOrNil.flatMap { [UInt8](hex: $0) })
    }
}

extension Feed {
    /// All tree nodes below a bound that are marked as stored.
    func treeNodes(below end: UInt64) -> [UInt64] {
        core.withLock { core in (0..<end).filter { core.bits.hasNode($0) } }
    }

    /// The digest with the byte-exact bound of a running reference feed.
    func runningDigest(for block: UInt64) -> UInt64 {
        core.withLock { $0.digest(for: block, bound: $0.bits.treeBytes * 8) }
    }

    func coveredLength(of node: UInt64) -> UInt64 {
        core.withLock { $0.bits.coveredLength(of: node) }
    }

    var roots: [TreeNode] { core.withLock { $0.roots } }
}

extension MemoryStorage {
    /// A copy of a stored feed of the fixtures.
    convenience init(fixture name: String) throws {
        self.init()
        for file in FeedFile.allCases {
            let path = Fixtures.path("hypercore/feeds/\(name)/\(file.rawValue)")
            guard let data = FileManager.default.contents(atPath: path) else { continue }
            setContents([UInt8](data), of: file)
        }
    }
}
