/// One page of the bitfield file, as it is on disk (docs/spec/hypercore.md section 5.7).
///
/// ```
/// 0      1024 bytes   data bits: the block is stored
/// 1024   2048 bytes   tree bits: the node is stored
/// 3072    512 bytes   index (256 in very old folders)
/// ```
final class BitPage {
    static let bytes = 3584
    static let treeStart = 1024
    static let indexStart = 3072

    let memory: UnsafeMutableRawBufferPointer
    /// Whether the page differs from the disk.
    var isDirty = false

    init() {
        memory = .allocate(byteCount: Self.bytes, alignment: 8)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { memory.deallocate() }

    /// Sixty-four bits, the first of them on top.
    func word(at byte: Int) -> UInt64 {
        UInt64(bigEndian: memory.load(fromByteOffset: byte, as: UInt64.self))
    }

    var isZero: Bool { memory.allSatisfy { $0 == 0 } }
}
