import Foundation
import TestSupport
import Testing

/// One file, one model of its bytes, and everything that can be done to it: by plain calls, by
/// mapped memory, by direct ones, over commits and remounts.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct ExerciserTests {
    @Test func aFileHoldsWhatAModelOfItHolds() async throws {
        var random = SeededRandom.announced()
        guard let mount = try await OwnMount() else { return }
        let path = mount.path + "/file"
        var model: [UInt8] = []
        for round in 0..<3 {
            let seed = SeededRandom(seed: random.next())
            let (difference, bytes) = await onThread { [model] in
                var session = FileSession(path: path, model: model, random: seed)
                return (session.run(steps: 300), session.model)
            }
            #expect(difference == nil, "round \(round)")
            if difference != nil { return }
            model = bytes
            try await mount.remount()
            #expect(FileManager.default.contents(atPath: path) == Data(model))
        }
    }
}

/// Steps on one open file, compared with a model of its bytes.
private struct FileSession {
    let path: String
    private(set) var model: [UInt8]
    private var random: SeededRandom
    private var file: Int32 = -1
    private static let sizeMax = 400_000

    init(path: String, model: [UInt8], random: SeededRandom) {
        self.path = path
        self.model = model
        self.random = random
    }

    /// What went wrong; nil = nothing.
    mutating func run(steps: Int) -> String? {
        file = open(path, O_RDWR | O_CREAT, 0o644)
        guard file >= 0 else { return "open: \(errno)" }
        defer { close(file) }
        for step in 0..<steps {
            if let problem = take() { return "step \(step): \(problem)" }
            var status = stat()
            guard fstat(file, &status) == 0, status.st_size == model.count else {
                return "step \(step): size \(status.st_size), not \(model.count)"
            }
        }
        return nil
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    private mutating func range() -> Range<Int> {
        let from = number(0...Self.sizeMax - 1)
        let count = [number(1...100), number(1...5000), number(1...150_000)][number(0...2)]
        return from..<min(Self.sizeMax, from + count)
    }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        FolderActor.bytes(count, UInt64(number(0...10_000)))
    }

    private mutating func take() -> String? {
        switch number(0...19) {
        case 0...5: return write(range())
        case 6...9: return read(range())
        case 10...11: return writeMapped(range())
        case 12: return readMapped()
        case 13...14: return resize(to: number(0...Self.sizeMax))
        case 15: return clear(range())
        case 16: return fsync(file) == 0 ? nil : "fsync: \(errno)"
        case 17: return reopen(O_RDWR)
        case 18: return reopen(O_RDWR | Calls.direct)
        default: return posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0 ? nil : "fadvise"
        }
    }

    private mutating func put(_ bytes: [UInt8], at offset: Int) {
        if offset + bytes.count > model.count {
            model += [UInt8](repeating: 0, count: offset + bytes.count - model.count)
        }
        model.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }

    private mutating func write(_ range: Range<Int>) -> String? {
        let bytes = bytes(range.count)
        guard pwrite(file, bytes, bytes.count, range.lowerBound) == bytes.count else {
            return "write \(range): \(errno)"
        }
        put(bytes, at: range.lowerBound)
        return nil
    }

    private mutating func read(_ range: Range<Int>) -> String? {
        var bytes = [UInt8](repeating: 0xEE, count: range.count)
        let count = pread(file, &bytes, bytes.count, range.lowerBound)
        let wanted = model[min(range.lowerBound, model.count)..<min(range.upperBound, model.count)]
        guard count == wanted.count else { return "read \(range): \(count), not \(wanted.count)" }
        return bytes[..<count].elementsEqual(wanted) ? nil : "read \(range): other bytes"
    }

    private func mapped(_ body: (UnsafeMutablePointer<UInt8>, Int) -> String?) -> String? {
        guard !model.isEmpty else { return nil }
        let map = mmap(nil, model.count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let map, map != MAP_FAILED else { return "mmap: \(errno)" }
        defer { munmap(map, model.count) }
        return body(map.assumingMemoryBound(to: UInt8.self), model.count)
    }

    private mutating func writeMapped(_ range: Range<Int>) -> String? {
        let range = range.clamped(to: 0..<model.count)
        let bytes = bytes(range.count)
        let problem = mapped { map, _ in
            for (index, byte) in bytes.enumerated() { map[range.lowerBound + index] = byte }
            return nil
        }
        if problem == nil, !bytes.isEmpty { put(bytes, at: range.lowerBound) }
        return problem
    }

    private func readMapped() -> String? {
        mapped { map, count in
            let seen = UnsafeBufferPointer(start: map, count: count)
            return seen.elementsEqual(model) ? nil : "mapped: other bytes"
        }
    }

    private mutating func resize(to size: Int) -> String? {
        guard ftruncate(file, size) == 0 else { return "ftruncate \(size): \(errno)" }
        if size < model.count {
            model.removeSubrange(size...)
        } else {
            model += [UInt8](repeating: 0, count: size - model.count)
        }
        return nil
    }

    /// Punches a hole, or makes zeros that may go beyond the end.
    private mutating func clear(_ range: Range<Int>) -> String? {
        let isPunching = number(0...1) == 0
        let mode: Int32 = isPunching ? 3 : 0x10
        guard Calls.fallocate(file, mode, range.lowerBound, range.count) == 0 else {
            return "fallocate \(mode) \(range): \(errno)"
        }
        let range = isPunching ? range.clamped(to: 0..<model.count) : range
        if !range.isEmpty { put([UInt8](repeating: 0, count: range.count), at: range.lowerBound) }
        return nil
    }

    private mutating func reopen(_ flags: Int32) -> String? {
        close(file)
        file = open(path, flags)
        guard file >= 0 else { return "open: \(errno)" }
        guard flags & Calls.direct != 0 else { return nil }
        // Direct calls pass the kernel's pages by: both have to agree.
        if let problem = read(range()) { return "direct " + problem }
        if let problem = write(range()) { return "direct " + problem }
        close(file)
        file = open(path, O_RDWR)
        return file >= 0 ? nil : "open: \(errno)"
    }
}
