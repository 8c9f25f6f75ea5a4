import HyperCrypto

/// The tree file behind a bounded cache of chunks: looking at a node costs no system call, and
/// writes go out together (docs/spec/hypercore.md section 5.4).
struct TreeFile {
    let file: any RandomAccessFile
    private var chunks: [UInt64: TreeChunk] = [:]
    /// The chunk used last, which is nearly always the next one too.
    private var recent: TreeChunk?
    /// Nodes above the level of a chunk. Each of them sits in a chunk of its own, and a look-up in
    /// a large feed needs many of them, but of chunks only one or two.
    private var upper: [UInt64: TreeNode] = [:]
    private var clock: UInt64 = 0
    private let chunksMax: Int

    init(file: any RandomAccessFile, chunksMax: Int = Limits.treeChunksMax) {
        self.file = file
        self.chunksMax = chunksMax
    }

    /// A node; `nil` where the file has only zeros.
    mutating func node(_ index: UInt64) throws -> TreeNode? {
        guard Self.isUpper(index) else { return try chunk(of: index).node(index) }
        if let found = upper[index] { return found }
        let found = try chunk(of: index).node(index)
        if let found { remember(found) }
        return found
    }

    /// Puts a node into the cache; it goes to the file with `flush` or when room is needed.
    mutating func write(_ node: TreeNode) throws {
        try chunk(of: node.index).set(node)
        if Self.isUpper(node.index) { remember(node) }
    }

    /// Zeros the slot of a node.
    mutating func erase(_ index: UInt64) throws {
        try chunk(of: index).set(TreeNode(index: index, hash: Bytes32(), size: 0))
        upper[index] = nil
    }

    /// Writes what the file does not have yet, neighbours in one piece. Does not sync.
    mutating func flush() throws {
        let dirty = chunks.values.filter { !$0.dirty.isEmpty }.sorted { $0.number < $1.number }
        var first = 0
        while first < dirty.count {
            var last = first
            while last + 1 < dirty.count, dirty[last + 1].follows(dirty[last]) { last += 1 }
            var bytes: [UInt8] = []
            for chunk in dirty[first...last] { bytes += chunk.dirtyBytes }
            try file.write(bytes, at: dirty[first].dirtyOffset)
            for chunk in dirty[first...last] { chunk.dirty = 0..<0 }
            first = last + 1
        }
    }

    private static func isUpper(_ index: UInt64) -> Bool {
        index % TreeChunk.nodes == TreeChunk.nodes - 1
    }

    private mutating func remember(_ node: TreeNode) {
        if upper.count >= Limits.upperNodesMax { upper.removeAll(keepingCapacity: true) }
        upper[node.index] = node
    }

    private mutating func chunk(of index: UInt64) throws -> TreeChunk {
        let number = index / TreeChunk.nodes
        if let recent, recent.number == number { return recent }
        clock += 1
        if let found = chunks[number] {
            found.lastUse = clock
            recent = found
            return found
        }
        if chunks.count >= chunksMax { try makeRoom() }
        let new = try TreeChunk(number, from: file)
        new.lastUse = clock
        chunks[number] = new
        recent = new
        return new
    }

    /// On a full disk what was not written stays, so that what others send can be read.
    private mutating func makeRoom() throws {
        do {
            try evict(keeping: chunksMax * 3 / 4)
        } catch let error as FeedError
            where error.isDiskFull && chunks.count < Limits.fullDiskTreeChunks
        {}
    }

    /// Gives memory back: what was used last stays, the rest is one short read away.
    mutating func trim() throws {
        if chunks.count > Limits.idleTreeChunks {
            try evict(keeping: Limits.idleTreeChunks)
        }
        if upper.count > Limits.idleUpperNodes { upper = [:] }
    }

    /// Drops the chunks that were not used for longest.
    private mutating func evict(keeping count: Int) throws {
        try flush()
        let oldest = chunks.values.sorted { $0.lastUse < $1.lastUse }
            .prefix(max(1, chunks.count - count))
        for chunk in oldest { chunks[chunk.number] = nil }
        recent = nil
    }
}

/// 128 neighbouring entries of the tree file.
final class TreeChunk {
    static let nodes: UInt64 = 128
    static let bytes = Int(nodes * Limits.treeEntryBytes)

    let number: UInt64
    /// Entries that differ from the file, as positions in the chunk.
    var dirty: Range<Int> = 0..<0
    var lastUse: UInt64 = 0
    private let memory: UnsafeMutableRawBufferPointer

    init(_ number: UInt64, from file: any RandomAccessFile) throws {
        self.number = number
        memory = .allocate(byteCount: Self.bytes, alignment: 8)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        let count = try file.read(at: Self.offset(of: number), into: memory)
        // The last entry may have been torn: half a node is none.
        let whole = count - count % Int(Limits.treeEntryBytes)
        for i in whole..<Self.bytes { memory[i] = 0 }
    }

    deinit { memory.deallocate() }

    func node(_ index: UInt64) -> TreeNode? {
        let start = Int(index % Self.nodes) * Int(Limits.treeEntryBytes)
        let hash = Bytes32(unsafeUninitialized: {
            $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[start..<start + 32]))
        })
        let size = UInt64(bigEndian: memory.load(fromByteOffset: start + 32, as: UInt64.self))
        if hash.isZero && size == 0 { return nil }
        return TreeNode(index: index, hash: hash, size: size)
    }

    func set(_ node: TreeNode) {
        let slot = Int(node.index % Self.nodes)
        let start = slot * Int(Limits.treeEntryBytes)
        node.hash.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + 32]).copyMemory(from: $0)
        }
        memory.storeBytes(of: node.size.bigEndian, toByteOffset: start + 32, as: UInt64.self)
        dirty =
            dirty.isEmpty
            ? slot..<slot + 1
            : min(dirty.lowerBound, slot)..<max(dirty.upperBound, slot + 1)
    }

    var dirtyOffset: UInt64 {
        Self.offset(of: number) + UInt64(dirty.lowerBound) * Limits.treeEntryBytes
    }

    var dirtyBytes: UnsafeMutableRawBufferPointer.SubSequence {
        let entry = Int(Limits.treeEntryBytes)
        return memory[dirty.lowerBound * entry..<dirty.upperBound * entry]
    }

    /// Whether the dirty bytes come right behind those of another chunk.
    func follows(_ other: TreeChunk) -> Bool {
        number == other.number + 1 && dirty.lowerBound == 0
            && other.dirty.upperBound == Int(Self.nodes)
    }

    private static func offset(of number: UInt64) -> UInt64 {
        SleepHeader.size + number * UInt64(bytes)
    }
}
