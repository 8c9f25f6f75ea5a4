import Foundation

/// A folder in which somebody takes the table's calls, and says what came of each: a value, `ok`
/// or the name of an error.
final class PosixFolder {
    private let root: String
    private let people: [String: Identity]
    private var folder: String
    private var files: [String: Int32] = [:]
    private var noted: [String: stat] = [:]

    /// Nil: this machine's threads cannot have credentials of their own.
    init?(_ root: String) {
        self.root = root
        folder = root
        people = [
            "root": Identity(uid: 0, groups: [0]),
            "user": Identity(uid: 1001, groups: [1001, 2000]),
            "other": Identity(uid: 1002, groups: [1002]),
        ].compactMapValues { $0 }
        guard people.count == 3 else { return nil }
    }

    deinit {
        closeFiles()
        people.values.forEach { $0.end() }
    }

    /// A fresh folder in which everybody works from now on, whoever may walk the way there.
    func enter(_ name: String) {
        closeFiles()
        noted = [:]
        folder = root + "/" + name
        let here = people["root"]? { [folder] in
            umask(0)
            mkdir(folder, 0o755)
            return Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard let here else { return }
        for person in people.values {
            _ = person {
                umask(0)
                return fchdir(here)
            }
        }
        close(here)
    }

    /// Removes what `enter` made.
    func leave() {
        closeFiles()
        for person in people.values { _ = person { chdir("/") } }
        try? FileManager.default.removeItem(atPath: folder)
    }

    func take(_ step: PosixStep) -> String {
        guard let person = people[step.who] else { return "nobody is \(step.who)" }
        return person { [self] in takeOnFile(step) ?? takeOnName(step) ?? look(step) }
            .flatMap { $0 }.map { $0.isEmpty ? "nothing" : $0 } ?? "no \(step.call)"
    }

    private func closeFiles() {
        for file in files.values where file >= 0 { close(file) }
        files = [:]
    }

    private func result(_ value: Int32) -> String { value < 0 ? failure : "ok" }

    private func count(_ value: Int) -> String { value < 0 ? failure : "\(value)" }

    private var failure: String { Calls.name(ofError: errno) }

    // MARK: On descriptors

    private func takeOnFile(_ step: PosixStep) -> String? {
        let file = files[step.word(0)] ?? -1
        switch step.call {
        case "open": return open(step)
        case "close":
            files[step.word(0)] = nil
            return result(close(file))
        case "read": return read(file, step.number(1), at: nil)
        case "pread": return read(file, step.number(1), at: step.number(2))
        case "write": return count(write(file, step.word(1), step.word(1).utf8.count))
        case "pwrite":
            return count(pwrite(file, step.word(1), step.word(1).utf8.count, step.number(2)))
        case "lseek":
            let ways = ["set": 0, "cur": 1, "end": 2, "data": 3, "hole": 4]
            return count(lseek(file, step.number(1), Int32(ways[step.word(2)] ?? 9)))
        case "ftruncate": return result(ftruncate(file, step.number(1)))
        case "fallocate":
            return result(
                Calls.fallocate(file, Int32(step.number(1)), step.number(2), step.number(3)))
        case "fchmod": return result(fchmod(file, step.mode(1)))
        case "fchown":
            return result(
                fchown(
                    file, uid_t(truncatingIfNeeded: step.number(1)),
                    gid_t(truncatingIfNeeded: step.number(2))))
        case "futimens": return result(futimens(file, Self.times(step)))
        case "fsync": return result(fsync(file))
        case "fdatasync": return result(fdatasync(file))
        case "fstat":
            var status = stat()
            return fstat(file, &status) < 0 ? failure : Self.text(status)
        default: return nil
        }
    }

    private func open(_ step: PosixStep) -> String {
        let file = Glibc.open(step.word(1), step.flags(2) | O_CLOEXEC, step.mode(3))
        files[step.word(0)] = file
        return result(file)
    }

    private func read(_ file: Int32, _ count: Int, at offset: Int?) -> String {
        var bytes = [UInt8](repeating: 0, count: max(1, count))
        let got =
            offset.map { pread(file, &bytes, count, $0) } ?? Glibc.read(file, &bytes, count)
        if got < 0 { return failure }
        return "'" + String(decoding: bytes[..<got], as: UTF8.self).replacing("\0", with: ".") + "'"
    }

    // MARK: On names

    private func takeOnName(_ step: PosixStep) -> String? {
        let (first, second) = (step.word(0), step.word(1))
        switch step.call {
        case "create":
            let file = Glibc.open(first, O_WRONLY | O_CREAT | O_CLOEXEC, step.mode(1))
            return file < 0 ? failure : result(close(file))
        case "put": return put(second, into: first)
        case "mkdir": return result(mkdir(first, step.mode(1, or: 0o755)))
        case "rmdir": return result(rmdir(first))
        case "unlink": return result(unlink(first))
        case "rename": return result(Calls.rename(first, second, UInt32(step.number(2))))
        case "link": return result(link(first, second))
        case "symlink": return result(symlink(first, second))
        case "mkfile": return result(mknod(first, S_IFREG | step.mode(1), 0))
        case "mkfifo": return result(mknod(first, S_IFIFO | step.mode(1), 0))
        case "mksocket": return result(mknod(first, S_IFSOCK | step.mode(1), 0))
        case "mkdevice": return result(mknod(first, S_IFCHR | step.mode(1), 0x103))
        case "chmod": return result(chmod(first, step.mode(1)))
        case "chown", "lchown":
            let call = step.call == "chown" ? chown : lchown
            return result(
                call(
                    first, uid_t(truncatingIfNeeded: step.number(1)),
                    gid_t(truncatingIfNeeded: step.number(2))))
        case "truncate": return result(truncate(first, step.number(1)))
        case "utimens": return result(utimensat(AT_FDCWD, first, Self.times(step), 0))
        case "lutimens":
            return result(utimensat(AT_FDCWD, first, Self.times(step), AT_SYMLINK_NOFOLLOW))
        case "setxattr":
            return result(
                Calls.setAttribute(
                    first, second, Array(step.word(2).utf8), Int32(step.number(3))))
        case "removexattr": return result(Calls.removeAttribute(first, second))
        default: return nil
        }
    }

    private func put(_ text: String, into path: String) -> String {
        let file = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { return failure }
        let written = write(file, text, text.utf8.count)
        return close(file) < 0 || written < 0 ? failure : "ok"
    }

    /// Words 1 and 2: seconds, `now` or `omit`.
    private static func times(_ step: PosixStep) -> [timespec] {
        [1, 2].map { index in
            switch step.word(index) {
            case "now": timespec(tv_sec: 0, tv_nsec: (1 << 30) - 1)
            case "omit": timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2)
            default: timespec(tv_sec: step.number(index), tv_nsec: step.number(3))
            }
        }
    }

    // MARK: Looking

    private func look(_ step: PosixStep) -> String? {
        let path = step.word(0)
        var status = stat()
        switch step.call {
        case "stat": return stat(path, &status) < 0 ? failure : Self.text(status)
        case "lstat": return lstat(path, &status) < 0 ? failure : Self.text(status)
        case "mtime": return lstat(path, &status) < 0 ? failure : "\(status.st_mtim.tv_sec)"
        case "access":
            let masks: [Character: Int32] = ["r": R_OK, "w": W_OK, "x": X_OK]
            return result(Calls.access(path, step.word(1).reduce(0) { $0 | (masks[$1] ?? 0) }))
        case "readlink":
            var buffer = [CChar](repeating: 0, count: 5000)
            let got = readlink(path, &buffer, buffer.count)
            if got < 0 { return failure }
            return String(decoding: buffer[..<got].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        case "cat":
            let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            return file < 0 ? failure : read(file, 100, at: nil)
        case "list": return list(path)
        case "chdir": return result(chdir(path))
        case "umask":
            umask(step.mode(0))
            return "ok"
        case "statvfs":
            var status = statvfs()
            return result(statvfs(path, &status))
        case "getxattr":
            return Calls.attribute(path, step.word(1)).map { String(decoding: $0, as: UTF8.self) }
                ?? failure
        case "listxattr":
            return Calls.attributeNames(path).filter { $0.hasPrefix("user.") }
                .joined(separator: " ")
        case "same": return same(path, step.word(1))
        case "note": return note(path)
        case "changed": return changed(path)
        default: return nil
        }
    }

    private func list(_ path: String) -> String {
        guard let folder = opendir(path) else { return failure }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted().joined(separator: " ")
    }

    private func same(_ one: String, _ two: String) -> String {
        var (first, second) = (stat(), stat())
        guard stat(one, &first) == 0, stat(two, &second) == 0 else { return failure }
        return first.st_ino == second.st_ino ? "same" : "differ"
    }

    /// Remembers the times of a file, and returns when the clock has gone on: what is changed then
    /// has other times.
    private func note(_ path: String) -> String {
        var status = stat()
        guard lstat(path, &status) == 0 else { return failure }
        noted[path] = status
        var (start, now) = (timespec(), timespec())
        // The kernel stamps files by its ticks.
        clock_gettime(CLOCK_REALTIME, &start)
        repeat {
            clock_gettime(CLOCK_REALTIME_COARSE, &now)
        } while Self.nanoseconds(now) < Self.nanoseconds(start) + 2_000_000
        return "ok"
    }

    /// Which times of a file are others than when it was noted.
    private func changed(_ path: String) -> String {
        var status = stat()
        guard lstat(path, &status) == 0, let old = noted[path] else { return failure }
        var words: [String] = []
        if Self.nanoseconds(old.st_mtim) != Self.nanoseconds(status.st_mtim) {
            words.append("mtime")
        }
        if Self.nanoseconds(old.st_ctim) != Self.nanoseconds(status.st_ctim) {
            words.append("ctime")
        }
        return words.isEmpty ? "nothing" : words.joined(separator: "+")
    }

    private static func nanoseconds(_ time: timespec) -> Int {
        time.tv_sec &* 1_000_000_000 &+ time.tv_nsec
    }

    /// Of folders neither size nor count of links.
    private static func text(_ status: stat) -> String {
        let kinds: [mode_t: String] = [S_IFREG: "file", S_IFDIR: "folder", S_IFLNK: "link"]
        let kind = status.st_mode & S_IFMT
        let mode = String(status.st_mode & 0o7777, radix: 8)
        let rest = kind == S_IFDIR ? "" : " \(status.st_size) x\(status.st_nlink)"
        return "\(kinds[kind] ?? "other") \(mode) \(status.st_uid):\(status.st_gid)\(rest)"
    }
}
