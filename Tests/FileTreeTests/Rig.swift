import Corestore
import FileTree
import HyperCrypto
import Hypercore
import Hyperdrive
import Synchronization
import TestSupport
import Testing

/// A drive, its writer, and somebody far away who mounts it.
final class Rig: Sendable {
    static let time: UInt64 = 1_600_000_000_000

    let writer: Store
    let drive: Drive
    let reader: Store
    let peer: MemoryPeer

    init(seed: UInt64 = 7) throws {
        writer = Store(memory: SeededRandom(seed: seed))
        drive = try Drive.create(in: writer, name: "drive")
        reader = Store(memory: SeededRandom(seed: seed + 1000))
        let source = writer
        let peer = MemoryPeer { try? source.feed(key: $0) }
        self.peer = peer
        reader.onOpen { $0.network = peer }
    }

    /// The writer's own tree: everything is here.
    func ownTree(_ configuration: Tree.Configuration = .init()) -> Tree {
        Tree(drive: drive, configuration: configuration)
    }

    /// The reader's drive; knows the key alone.
    func foreignDrive() throws -> Drive { try Drive(store: reader, key: drive.key) }

    /// The reader's tree. Waits longer than any test may take, unless told.
    func foreignTree(readAhead: Int = 0, timeout: Duration = .seconds(600)) throws -> Tree {
        var configuration = Tree.Configuration()
        configuration.readAheadBytesMax = readAhead
        configuration.timeout = timeout
        configuration.timeoutWithoutPeers = timeout
        return Tree(drive: try foreignDrive(), configuration: configuration)
    }

    func write(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws {
        try drive.writeFile(path, bytes, mode: mode, mtime: Self.time)
    }

    func write(_ path: String, _ text: String) throws { try write(path, Array(text.utf8)) }

    /// Content blocks that the reader asked for.
    func contentDemands() throws -> [Demand] {
        let key = try drive.content().key
        return peer.demands.filter { $0.key == key }.map(\.demand)
    }
}

/// Waits for the one answer.
func ask<T: Sendable>(
    _ start: (@escaping Tree.Reply<T>) -> Pending?
) async -> Result<T, PosixError> {
    await withCheckedContinuation { continuation in
        _ = start { continuation.resume(returning: $0) }
    }
}

/// The answer that comes at once, on this thread; nil when it did not.
func askNow<T: Sendable>(
    _ start: (@escaping Tree.Reply<T>) -> Pending?
) -> Result<T, PosixError>? {
    let box = Box<Result<T, PosixError>>()
    let pending = start { box.put($0) }
    #expect(pending == nil || box.value == nil)
    return box.value
}

/// Holds one value, written once.
final class Box<T: Sendable>: Sendable {
    private let state = Mutex<T?>(nil)
    var value: T? { state.withLock { $0 } }
    func put(_ value: T) {
        state.withLock { state in
            #expect(state == nil, "a reply came twice")
            state = value
        }
    }
}

extension Result where Failure == PosixError {
    var errno: Int32? { if case .failure(let error) = self { error.errno } else { nil } }
}

extension Tree {
    func find(_ path: String) async throws -> Attributes {
        var node = root
        var found = try await ask { self.attributes(inode: node, reply: $0) }.get()
        for name in path.split(separator: "/") {
            found = try await ask { self.lookup(parent: node, name: String(name), reply: $0) }.get()
            node = found.node
        }
        return found
    }

    func openFile(_ path: String) async throws -> UInt64 {
        let found = try await find(path)
        return try await ask { self.open(inode: found.node, flags: 0, reply: $0) }.get().handle
    }

    /// Reads as FUSE does.
    func read(_ handle: UInt64, _ offset: UInt64, _ count: Int) async throws -> [UInt8] {
        if let bytes = try readNow(handle, offset, count) { return bytes }
        try await ask {
            self.prepareRead(handle: handle, offset: offset, count: count, reply: $0)
        }.get()
        return try #require(try readNow(handle, offset, count))
    }

    func readNow(_ handle: UInt64, _ offset: UInt64, _ count: Int) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0xEE, count: count)
        let got = try buffer.withUnsafeMutableBytes {
            try readLocal(handle: handle, offset: offset, into: $0)
        }
        return got.map { Array(buffer[..<$0]) }
    }

    func contents(_ path: String) async throws -> [UInt8] {
        let handle = try await openFile(path)
        defer { close(handle: handle) }
        var bytes: [UInt8] = []
        while true {
            let chunk = try await read(handle, UInt64(bytes.count), 1 << 17)
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
    }

    func text(_ path: String) async throws -> String {
        String(decoding: try await contents(path), as: UTF8.self)
    }

    func names(_ path: String) async throws -> [String] {
        try await list(path).map(\.name).filter { $0 != "." && $0 != ".." }
    }

    func list(_ path: String, withAttributes: Bool = false) async throws -> [DirectoryEntry] {
        let node = try await find(path).node
        let handle = try await ask { self.openDirectory(inode: node, reply: $0) }.get().handle
        defer { closeDirectory(handle: handle) }
        var entries: [DirectoryEntry] = []
        try readDirectory(
            handle: handle, from: 0, withAttributes: withAttributes,
            take: { _, entry in
                entries.append(entry)
                return true
            }, finish: {})
        return entries
    }

    func attribute(_ path: String, _ name: String) async throws -> String {
        let node = try await find(path).node
        let value = await ask { self.getAttribute(inode: node, name: name, reply: $0) }
        return String(decoding: try value.get(), as: UTF8.self)
    }
}

/// Bytes that differ at every place.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}
