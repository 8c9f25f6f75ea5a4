import Glibc

/// The mounts of this process's namespace, from /proc/self/mountinfo (proc(5)).
struct MountTable {
    /// One line of the table.
    struct Line: Equatable {
        /// "major:minor"
        let device: String
        let mountpoint: String
        let type: String
        let source: String
    }

    let lines: [Line]

    static func current() -> MountTable {
        MountTable(parsing: readFile("/proc/self/mountinfo"))
    }

    init(parsing text: String) {
        lines = text.split(separator: "\n").compactMap(Self.line)
    }

    /// The mount that is seen at a path: the last one there.
    func mount(at path: String) -> Line? { lines.last { $0.mountpoint == path } }

    private static func line(_ text: Substring) -> Line? {
        // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
        let fields = text.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count >= 10, let dash = fields[6...].firstIndex(of: "-"),
            dash + 2 < fields.count
        else { return nil }
        return Line(
            device: String(fields[2]), mountpoint: unescape(fields[4]),
            type: String(fields[dash + 1]), source: unescape(fields[dash + 2]))
    }

    /// Space, tab, newline and backslash are written as a backslash and three octal digits.
    static func unescape(_ text: some StringProtocol) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let digits = bytes[index...].dropFirst().prefix(3)
            if bytes[index] == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                result.append(value)
                index += 4
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Empty when it cannot be read.
    static func readFile(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &chunk, chunk.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }
}
