import Glibc

/// Another program in the place of this process: the same number, arguments, environment, folder
/// and log. A service's manager sees no end, and a shell its job go on.
public enum Successor {
    /// Becomes the program. Everything of the node is closed by now. Returns the system's error
    /// only when neither that program nor this one can be started.
    public static func become(_ program: String) -> NodeError {
        keepNothingOpen()
        forgetSignals()
        var words: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        execv(program, words)
        let failure = errno
        // Rather the old one than none.
        execv("/proc/self/exe", words)
        return .system("cannot start \(program)", failure)
    }

    /// What whoever started this process has left open for it: he may wait for its end there.
    private static let inherited = Set(OpenFiles.numbers.filter(OpenFiles.isKept))

    /// Called before a node opens anything.
    static func noteInherited() { _ = inherited }

    /// What this program has opened ends with it. The descriptor on which a background node says
    /// that it is ready leads nowhere then: who started it has heard that long ago.
    private static func keepNothingOpen() {
        for descriptor in OpenFiles.numbers
        where descriptor > STDERR_FILENO && !inherited.contains(descriptor) {
            let flags = fcntl(descriptor, F_GETFD)
            if flags >= 0 { _ = fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) }
        }
        guard CommandLine.arguments.contains("--background") else { return }
        let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard nowhere >= 0 else { return }
        if nowhere == DetachedProcess.readyDescriptor {
            _ = fcntl(nowhere, F_SETFD, 0)
        } else {
            dup2(nowhere, DetachedProcess.readyDescriptor)
        }
    }

    /// Signals are as for any program, and none is held back: threads of the runtime hold most.
    private static func forgetSignals() {
        for number in [SIGINT, SIGTERM, SIGPIPE] { signal(number, SIG_DFL) }
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
    }
}

/// The descriptors that this process has open.
enum OpenFiles {
    /// Without the one that is needed to find that out.
    static var numbers: [Int32] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int32(name), number != dirfd(folder) { found.append(number) }
        }
        return found
    }

    /// Whether another program in this process would still have it.
    static func isKept(_ number: Int32) -> Bool {
        let flags = fcntl(number, F_GETFD)
        return flags >= 0 && flags & FD_CLOEXEC == 0
    }
}
