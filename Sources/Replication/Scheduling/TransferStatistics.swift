/// Blocks that went either way, and their bytes (block contents only).
public struct TransferStatistics: Sendable, Equatable {
    /// Blocks sent.
    public var uploadedBlocks: UInt64 = 0
    /// Bytes of the blocks sent.
    public var uploadedBytes: UInt64 = 0
    /// Blocks verified and stored.
    public var downloadedBlocks: UInt64 = 0
    /// Bytes of the blocks stored.
    public var downloadedBytes: UInt64 = 0

    mutating func uploaded(_ bytes: Int) {
        uploadedBlocks &+= 1
        uploadedBytes &+= UInt64(bytes)
    }

    mutating func downloaded(_ bytes: Int) {
        downloadedBlocks &+= 1
        downloadedBytes &+= UInt64(bytes)
    }
}

extension TransferStatistics {
    mutating func add(_ other: TransferStatistics) {
        uploadedBlocks &+= other.uploadedBlocks
        uploadedBytes &+= other.uploadedBytes
        downloadedBlocks &+= other.downloadedBlocks
        downloadedBytes &+= other.downloadedBytes
    }
}
