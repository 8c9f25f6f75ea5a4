import Glibc

/// Tells a store from its copies, which have the same secrets: two of them must see each other as
/// two, or nobody would notice that they contradict each other.
enum StoreIdentity {
    /// The same after every start on the same machine and folder, another one for a copy.
    static func name(of folder: String) -> String {
        var status = stat()
        let number = stat(folder, &status) == 0 ? UInt64(status.st_ino) : 0
        return "\(machine)/\(number)"
    }

    private static let machine: String = {
        var bytes = [UInt8](repeating: 0, count: 64)
        let file = open("/etc/machine-id", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        let count = read(file, &bytes, bytes.count)
        return String(
            decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") },
            as: UTF8.self)
    }()
}
