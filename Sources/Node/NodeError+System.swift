import Glibc

extension NodeError {
    /// A system call that failed: `subject` names what it was for and the path.
    static func system(_ subject: String, _ code: Int32 = Glibc.errno) -> NodeError {
        NodeError(
            .failed, "\(subject): \(String(cString: strerror(code)))", hint: advice(code),
            errno: code)
    }

    /// Whether going on with the next file is pointless: no room, a read-only disk.
    var isFatal: Bool { [ENOSPC, EDQUOT, EROFS].contains(errno) }

    /// What to do about an errno.
    static func advice(_ code: Int32?) -> String {
        switch code {
        case ENOSPC, EDQUOT: "make room on the disk, or choose another with --store"
        case EACCES, EPERM: "check the permissions, or run as the owner"
        case EROFS: "the disk is mounted read-only; choose another place"
        case ENOENT: "check the spelling of the path"
        case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
        case ENOTDIR: "name a folder"
        case EISDIR: "name a file"
        default: "check the disk (dmesg) and try again"
        }
    }
}
