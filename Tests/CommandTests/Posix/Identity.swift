import Foundation

/// A thread that is somebody: Linux keeps credentials, umask and working folder per thread, as long
/// as nobody asks Glibc to make them those of all.
///
/// `@unchecked Sendable`: `work` passes from one thread to the other between two semaphores.
final class Identity: @unchecked Sendable {
    private let asked = DispatchSemaphore(value: 0)
    private let done = DispatchSemaphore(value: 0)
    private var work: (() -> Void)?
    private var isReady = false

    /// Nil: this machine does not let us become him.
    init?(uid: Int, groups: [Int]) {
        Thread.detachNewThread { [self, asked, done] in
            isReady = Self.become(uid, groups)
            done.signal()
            while true {
                asked.wait()
                guard let work else { break }
                work()
                done.signal()
            }
            done.signal()
        }
        done.wait()
        guard isReady else { return nil }
    }

    /// Ends the thread, which holds the object as long as it runs.
    func end() {
        work = nil
        asked.signal()
        done.wait()
    }

    /// Runs it as this user, and waits for it.
    func callAsFunction<T>(_ body: @escaping () -> T) -> T? {
        var result: T?
        work = { result = body() }
        asked.signal()
        done.wait()
        return result
    }

    private static func become(_ uid: Int, _ groups: [Int]) -> Bool {
        // CLONE_FS: a working folder and a umask of its own.
        guard Calls.unshare(0x200) == 0 else { return false }
        umask(0)
        return Calls.setCredentials(uid: uid, groups: groups)
    }
}
