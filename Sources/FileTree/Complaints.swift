import Glibc
import Synchronization

/// What is wrong with drives and disks, said once each: a program that tries again a thousand
/// times must not fill the log.
final class Complaints: Sendable {
    private let said = Mutex<Set<String>>([])

    /// True for the one who has to say it.
    func isNew(_ text: String) -> Bool {
        said.withLock { said in
            // A drive that has so much wrong says nothing new.
            guard said.count < Limits.complaints else { return false }
            return said.insert(text).inserted
        }
    }
}

extension Tree {
    /// Logs why an operation failed, where that is nobody's everyday: the drive or the disk has
    /// something wrong, or nobody knows what.
    public func report(_ error: PosixError) {
        guard [EIO, ELOOP, ENOSPC, EFBIG].contains(error.errno) else { return }
        complain(error.message)
    }

    func complain(_ text: String) {
        guard complaints.isNew(text) else { return }
        configuration.warn(text)
    }
}

extension Limits {
    /// Different complaints of one mount; each is a line of the log.
    static let complaints = 256
}
