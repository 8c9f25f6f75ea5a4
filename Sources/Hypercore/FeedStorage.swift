/// Where a feed's files live.
public protocol FeedStorage: Sendable {
    /// Opens a file to read and write; `nil` = it does not exist and `create` is false.
    func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)?
}

/// A file read and written at offsets. Safe to use from many threads.
public protocol RandomAccessFile: Sendable {
    /// Reads up to the buffer's size; fewer bytes only at the end of the file.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int
    /// Writes all of it or throws.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws
    /// Bytes in the file.
    func size() throws -> UInt64
    /// Cuts or extends the file.
    func truncate(to size: UInt64) throws
    /// Gives a range of bytes back to the disk; they read as zeros. May do nothing.
    func punchHole(_ range: Range<UInt64>) throws
    /// Returns when everything written is on the disk.
    func sync() throws
    /// Ends the use of the file. Calls that run beside it may still finish.
    func close() throws
    /// The first byte at or after an offset that is not in a hole; `nil` = holes to the end.
    /// Any earlier offset is a right answer too.
    func nextData(from offset: UInt64) throws -> UInt64?
}

extension RandomAccessFile {
    /// Knows of no holes.
    public func nextData(from offset: UInt64) throws -> UInt64? {
        offset < (try size()) ? offset : nil
    }

    /// Up to `count` bytes; fewer only at the end of the file.
    func bytes(at offset: UInt64, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = try read(
                at: offset,
                into: UnsafeMutableRawBufferPointer(
                    start: buffer.baseAddress, count: min(count, buffer.count)))
        }
    }

    func write(_ bytes: [UInt8], at offset: UInt64) throws {
        try bytes.withUnsafeBytes { try write($0, at: offset) }
    }
}
