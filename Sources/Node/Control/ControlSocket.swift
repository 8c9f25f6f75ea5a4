import Foundation
import HyperCrypto

/// Where the running process of a store listens for commands: a Unix socket in a folder that only
/// its owner may enter (CLI.md section 3).
enum ControlSocket {
    /// The socket of a store; the same however its path is written. `nil` where there is no place
    /// for one.
    static func path(store: String) -> String? {
        guard let folder = folder() else { return nil }
        let real = realpath(store, nil).map { pointer in
            defer { free(pointer) }
            return String(cString: pointer)
        }
        let name = Blake2b.hash32(Array((real ?? store).utf8)).bytes.prefix(8).hex
        return "\(folder)/\(name).sock"
    }

    /// The folder, made if need be.
    private static func folder() -> String? {
        let user = geteuid()
        let runtime = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }
        var parents = ["/run/user/\(user)"]
        if let runtime, runtime.hasPrefix("/") { parents.insert(runtime, at: 0) }
        if user == 0 { parents.append("/run") }
        for parent in parents {
            if let folder = made(parent + "/hyperfs") { return folder }
        }
        return made("/tmp/hyperfs-\(user)")
    }

    /// `nil` unless it is a folder of ours that nobody else may enter: in /tmp anybody could have
    /// made it first.
    private static func made(_ folder: String) -> String? {
        if mkdir(folder, 0o700) != 0, errno != EEXIST { return nil }
        var status = stat()
        guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
            status.st_uid == geteuid(), status.st_mode & 0o077 == 0
        else { return nil }
        return folder
    }
}
