import Hypercore
import Synchronization

/// Every change to the files of one or more storages, in order, with the syncs between them: what
/// a disk may have after the power failed is made from it.
public final class WriteLog: Sendable {
    /// One change.
    public enum Change: Sendable {
        case create
        case write(offset: UInt64, bytes: [UInt8])
        case truncate(size: UInt64)
        case hole(Range<UInt64>)
        case sync
    }

    /// What became of a change that was not synced when the power failed.
    public enum Fate: Sendable {
        case kept
        case lost
        /// Only that many bytes of the write.
        case torn(Int)
        /// Only those sectors (512 bytes) of the write whose bit is set, the first one lowest.
        case sectors(UInt64)
    }

    private let entries = Mutex<[(file: String, change: Change)]>([])

    /// Nothing is written yet.
    public init() {}

    /// Changes so far: a place in the log. Whatever returned before is above it.
    public var count: Int { entries.withLock { $0.count } }

    func add(_ file: String, _ change: Change) {
        entries.withLock { $0.append((file, change)) }
    }

    /// The files, by name, as they may be after a crash behind the first `count` changes: what was
    /// synced by then is there, and `fate` decides about each other change (0 = the first).
    public func files(
        after count: Int, fate: (Int) -> Fate
    ) -> [String: [UInt8]] {
        let entries = entries.withLock { Array($0.prefix(count)) }
        var synced: [String: Int] = [:]
        for (i, entry) in entries.enumerated() {
            if case .sync = entry.change { synced[entry.file] = i }
        }
        var files: [String: [UInt8]] = [:]
        for (i, entry) in entries.enumerated() {
            let fate = i < synced[entry.file] ?? 0 ? Fate.kept : fate(i)
            if case .lost = fate { continue }
            apply(entry.change, fate, to: &files[entry.file, default: []])
        }
        return files
    }

    private func apply(_ change: Change, _ fate: Fate, to file: inout [UInt8]) {
        func extend(to size: Int) {
            if file.count < size {
                file += [UInt8](repeating: 0, count: size - file.count)
            }
        }
        switch change {
        case .create, .sync: break
        case .write(let offset, let bytes):
            for part in Self.parts(of: bytes, at: Int(offset), fate) where !part.isEmpty {
                let start = Int(offset) + part.startIndex
                extend(to: start + part.count)
                file.replaceSubrange(start..<start + part.count, with: part)
            }
        case .truncate(let size):
            extend(to: Int(size))
            file.removeLast(file.count - Int(size))
        case .hole(let range):
            for i in range where i < UInt64(file.count) { file[Int(i)] = 0 }
        }
    }

    /// What of a write reached the disk.
    private static func parts(
        of bytes: [UInt8], at offset: Int, _ fate: Fate
    ) -> [ArraySlice<UInt8>] {
        switch fate {
        case .lost: return []
        case .kept: return [bytes[...]]
        case .torn(let count): return [bytes.prefix(count)]
        case .sectors(let mask):
            let first = offset / 512
            let last = (offset + max(1, bytes.count) - 1) / 512
            return (first...last).filter { mask >> UInt64(($0 - first) % 64) & 1 == 1 }.map {
                bytes[max(0, $0 * 512 - offset)..<min(bytes.count, ($0 + 1) * 512 - offset)]
            }
        }
    }
}
