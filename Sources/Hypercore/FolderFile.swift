import Synchronization

/// A file of the operating system.
///
/// The descriptor is closed with the last reference, not by `close`: a read that runs beside
/// `close` must never meet a descriptor that another file has taken over.
final class FolderFile: RandomAccessFile {
    private let descriptor: Int32
    private let path: String
    /// Folders whose new entries are not known to be on the disk.
    private let newEntries: Mutex<[String]>

    init(_ descriptor: Int32, path: String, newEntries: [String]) {
        self.descriptor = descriptor
        self.path = path
        self.newEntries = Mutex(newEntries)
    }

    deinit { SystemCalls.close(descriptor) }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try SystemCalls.read(descriptor, at: offset, into: buffer, path: path)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws {
        try SystemCalls.write(descriptor, bytes, at: offset, path: path)
    }

    func size() throws -> UInt64 { try SystemCalls.size(descriptor, path: path) }

    func truncate(to size: UInt64) throws {
        try SystemCalls.truncate(descriptor, to: size, path: path)
    }

    func punchHole(_ range: Range<UInt64>) throws {
        try SystemCalls.punchHole(descriptor, range, path: path)
    }

    func nextData(from offset: UInt64) throws -> UInt64? {
        try SystemCalls.nextData(descriptor, from: offset, path: path)
    }

    func sync() throws {
        try SystemCalls.syncData(descriptor, path: path)
        let folders = newEntries.withLock { $0 }
        guard !folders.isEmpty else { return }
        for folder in folders { try SystemCalls.syncFolder(folder) }
        newEntries.withLock { $0 = [] }
    }

    func close() throws {}
}
