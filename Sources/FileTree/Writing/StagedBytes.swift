import Glibc
import Synchronization

/// The bytes of one stage at their places in the file: in memory while they are few and near the
/// start, then in a file.
final class StagedBytes: Sendable {
    fileprivate struct State: Sendable {
        var memory: [UInt8] = []
        var file: StagingFile?
        /// Bytes that were counted as waiting.
        var held: UInt64 = 0
    }

    private let area: StagingArea
    private let state = Mutex(State())

    init(_ area: StagingArea) { self.area = area }

    deinit {
        let (held, inMemory) = state.withLock { ($0.held, $0.memory.count) }
        area.count(held: -Int64(clamping: held), inMemory: -inMemory)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(PosixError) {
        let file = try state.withLock { state throws(PosixError) -> StagingFile? in
            state.held += UInt64(bytes.count)
            area.count(held: Int64(bytes.count), inMemory: 0)
            if let file = state.file { return file }
            let end = offset + UInt64(bytes.count)
            let growth = Int(clamping: end) - state.memory.count
            if end <= UInt64(Limits.stagedFileMemoryBytes), growth <= 0 || area.hasMemory(growth) {
                state.store(bytes, at: Int(offset))
                if growth > 0 { area.count(held: 0, inMemory: growth) }
                return nil
            }
            return try spill(&state)
        }
        try file?.write(bytes, at: offset)
    }

    /// From memory to a file.
    private func spill(_ state: inout State) throws(PosixError) -> StagingFile {
        let file = try area.makeFile()
        let result = state.memory.withUnsafeBytes { bytes -> Result<Void, PosixError> in
            do throws(PosixError) {
                return .success(try file.write(bytes, at: 0))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
        area.count(held: 0, inMemory: -state.memory.count)
        state.memory = []
        state.file = file
        return file
    }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(PosixError) {
        let file = state.withLock { state -> StagingFile? in
            if let file = state.file { return file }
            let from = Int(clamping: min(offset, UInt64(state.memory.count)))
            let here = state.memory[from..<min(state.memory.count, from + buffer.count)]
            UnsafeMutableRawBufferPointer(rebasing: buffer[..<here.count])
                .copyBytes(from: here)
            UnsafeMutableRawBufferPointer(rebasing: buffer[here.count...])
                .initializeMemory(as: UInt8.self, repeating: 0)
            return nil
        }
        try file?.read(at: offset, into: buffer)
    }

    /// Makes a range zero.
    func clear(_ range: Range<UInt64>) throws(PosixError) {
        var position = range.lowerBound
        while position < range.upperBound {
            let count = Int(min(UInt64(Self.zeros.count), range.upperBound - position))
            let result = Self.zeros.withUnsafeBytes { zeros -> Result<Void, PosixError> in
                do throws(PosixError) {
                    let piece = UnsafeRawBufferPointer(rebasing: zeros[..<count])
                    return .success(try write(piece, at: position))
                } catch {
                    return .failure(error)
                }
            }
            try result.get()
            position += UInt64(count)
        }
    }

    private static let zeros = [UInt8](repeating: 0, count: 64 << 10)
}

extension StagedBytes.State {
    fileprivate mutating func store(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        if offset == memory.count {
            memory.append(contentsOf: bytes)
            return
        }
        let end = offset + bytes.count
        if end > memory.count {
            memory.append(contentsOf: repeatElement(0, count: end - memory.count))
        }
        memory.withUnsafeMutableBytes { target in
            UnsafeMutableRawBufferPointer(rebasing: target[offset..<end]).copyMemory(from: bytes)
        }
    }
}
