import Foundation
import TestSupport

/// Takes steps below a folder with plain system calls and says what came of each, so that two
/// folders can be compared.
final class FolderActor {
    private let root: String
    private var files = [Int32](repeating: -1, count: Step.slots)

    init(_ root: String) { self.root = root }

    deinit { closeAll() }

    func closeAll() {
        for slot in files.indices { _ = closeSlot(slot) }
    }

    func take(_ step: Step) -> String {
        switch step {
        case .open(let slot, let path, let flags, let mode):
            _ = closeSlot(slot)
            files[slot] = open(at(path), flags | O_CLOEXEC, mode)
            return result(files[slot] < 0 ? -1 : 0)
        case .close(let slot): return result(closeSlot(slot))
        case .write(let slot, let count, let seed):
            let bytes = Self.bytes(count, seed)
            return result(Glibc.write(files[slot], bytes, count))
        case .writeAt(let slot, let offset, let count, let seed):
            return result(pwrite(files[slot], Self.bytes(count, seed), count, offset))
        case .readAt(let slot, let offset, let count):
            var bytes = [UInt8](repeating: 0, count: count + 1)
            let got = pread(files[slot], &bytes, count, offset)
            return got < 0 ? result(got) : "\(got) \(Self.digest(bytes[..<got]))"
        case .writeMapped(let slot, let offset, let count, let seed):
            return writeMapped(files[slot], offset, Self.bytes(count, seed))
        case .resize(let slot, let size): return result(ftruncate(files[slot], size))
        case .resizePath(let path, let size): return result(truncate(at(path), size))
        case .allocate(let slot, let mode, let offset, let count):
            return result(Calls.fallocate(files[slot], mode, offset, count))
        case .copyRange(let from, let to, let offset, let position, let count):
            return copy(files[from], offset, files[to], position, count)
        case .sync(let slot): return result(fsync(files[slot]))
        case .statOpen(let slot):
            var status = stat()
            return fstat(files[slot], &status) < 0 ? result(-1) : Self.text(status)
        default: return takeOnPath(step)
        }
    }

    private func takeOnPath(_ step: Step) -> String {
        switch step {
        case .stat(let path):
            var status = stat()
            return lstat(at(path), &status) < 0 ? result(-1) : Self.text(status)
        case .list(let path): return list(path)
        case .makeFolder(let path, let mode): return result(mkdir(at(path), mode))
        case .makeNode(let path, let mode): return result(mknod(at(path), S_IFREG | mode, 0))
        case .removeFolder(let path): return result(rmdir(at(path)))
        case .remove(let path): return result(unlink(at(path)))
        case .rename(let from, let to, let flags):
            return result(Calls.rename(at(from), at(to), flags))
        case .makeLink(let target, let path): return result(symlink(target, at(path)))
        case .readLink(let path): return target(of: path)
        case .setMode(let path, let mode): return result(chmod(at(path), mode))
        case .setOwner(let path, let uid, let gid): return result(lchown(at(path), uid, gid))
        case .setTimes(let path, let seconds, let isNow):
            var times = [timespec](repeating: timespec(tv_sec: seconds, tv_nsec: 0), count: 2)
            // Linux's UTIME_NOW.
            if isNow { times[1].tv_nsec = (1 << 30) - 1 }
            guard utimensat(AT_FDCWD, at(path), times, AT_SYMLINK_NOFOLLOW) == 0 else {
                return result(-1)
            }
            var status = stat()
            lstat(at(path), &status)
            return isNow ? "now" : "\(status.st_mtim.tv_sec)"
        case .setAttribute(let path, let name, let count, let flags):
            let value = Self.bytes(count, UInt64(count))
            return result(Calls.setAttribute(at(path), name, value, flags))
        case .removeAttribute(let path, let name):
            return result(Calls.removeAttribute(at(path), name))
        case .attributes(let path): return attributes(path)
        default: return "?"
        }
    }

    /// Everything below the folder, a line each.
    func snapshot() -> [String] {
        var lines: [String] = []
        var folders = ["."]
        while let folder = folders.popLast() {
            for name in names(folder) {
                let path = folder + "/" + name
                var status = stat()
                guard lstat(at(path), &status) == 0 else {
                    lines.append("\(path): \(errno)")
                    continue
                }
                var line = "\(path): \(Self.text(status))"
                switch status.st_mode & S_IFMT {
                case S_IFDIR: folders.append(path)
                case S_IFLNK: line += " -> " + target(of: path)
                default: line += " " + contents(path)
                }
                if status.st_mode & S_IFMT != S_IFLNK { line += " " + attributes(path) }
                lines.append(line)
            }
        }
        return lines.sorted()
    }

    // MARK: Parts

    private func at(_ path: String) -> String { root + "/" + path }

    private func result(_ value: some BinaryInteger) -> String {
        value < 0 ? String(cString: strerror(errno)) : "\(value)"
    }

    private func closeSlot(_ slot: Int) -> Int32 {
        guard files[slot] >= 0 else {
            errno = EBADF
            return -1
        }
        defer { files[slot] = -1 }
        return close(files[slot])
    }

    private func writeMapped(_ file: Int32, _ offset: Int, _ bytes: [UInt8]) -> String {
        var status = stat()
        guard !bytes.isEmpty, fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            offset < status.st_size
        else {
            return "nothing to map"
        }
        let size = status.st_size
        let map = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let map, map != MAP_FAILED else { return result(-1) }
        let count = min(bytes.count, size - offset)
        memcpy(map + offset, bytes, count)
        // Without it the kernel may write later: then a `stat` may see an older time, no byte.
        msync(map, size, MS_SYNC)
        munmap(map, size)
        return "mapped \(count)"
    }

    private func copy(
        _ source: Int32, _ offset: Int, _ target: Int32, _ position: Int, _ count: Int
    ) -> String {
        // Whether overlapping ranges of one file are refused depends on their place; skip them.
        guard source != target else { return "same" }
        return result(Calls.copyRange(source, offset, target, position, count))
    }

    private func names(_ path: String) -> [String] {
        guard let folder = opendir(at(path)) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private func list(_ path: String) -> String {
        guard let folder = opendir(at(path)) else { return result(-1) }
        closedir(folder)
        return names(path).joined(separator: " ")
    }

    private func target(of path: String) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.map { readlink(at(path), $0, 4096) } ?? -1
        }
        return count < 0 ? result(count) : String(decoding: buffer[..<count], as: UTF8.self)
    }

    private func contents(_ path: String) -> String {
        let file = open(at(path), O_RDONLY)
        guard file >= 0 else { return result(file) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(file, &bytes, bytes.count)
        return count < 0 ? result(count) : Self.digest(bytes[..<count])
    }

    private func attributes(_ path: String) -> String {
        Calls.attributeNames(at(path)).filter { $0.hasPrefix("user.") }.map { name in
            "\(name)=\(Calls.attribute(at(path), name).map { Self.digest($0[...]) } ?? "none")"
        }.joined(separator: ",")
    }

    static func bytes(_ count: Int, _ seed: UInt64) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: ($0 &+ Int(seed)) &* 131 ^ $0 >> 8) }
    }

    private static func digest(_ bytes: ArraySlice<UInt8>) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "\(bytes.count):\(String(hash, radix: 16))"
    }

    /// What must be equal: of folders neither size nor count of links.
    private static func text(_ status: stat) -> String {
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        let isLink = status.st_mode & S_IFMT == S_IFLNK
        let mode = String(status.st_mode, radix: 8)
        return "\(mode) \(status.st_uid):\(status.st_gid) "
            + (isFolder ? "-" : "\(status.st_size) \(status.st_nlink)")
            + (isLink ? " link" : "")
    }
}
