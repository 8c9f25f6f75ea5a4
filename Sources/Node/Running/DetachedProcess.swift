import Glibc

/// This program once more, without a terminal: what a background node is.
enum DetachedProcess {
    /// Where the new process finds the pipe on which it says that it is ready.
    static let readyDescriptor: Int32 = 3

    /// POSIX_SPAWN_SETSID, which Glibc's module leaves out.
    private static let inNewSession: Int16 = 0x80

    /// Runs /proc/self/exe with these arguments: a session of its own, standard input from
    /// nowhere, output and errors to the log, one descriptor passed, no other inherited, every
    /// signal as the system has it. Throws the system's error.
    static func start(
        arguments: [String], logFile: String?, passing descriptor: Int32, as number: Int32
    ) throws(NodeError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, descriptor, number)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        let log = logFile ?? "/dev/null"
        let flags = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, flags, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        for other in inherited() where other > STDERR_FILENO && other != number {
            posix_spawn_file_actions_addclose(&actions, other)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        let wanted = inNewSession | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK)
        posix_spawnattr_setflags(&attributes, wanted)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var words: [UnsafeMutablePointer<CChar>?] = (["hyperfs"] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var process = pid_t()
        let failure = posix_spawn(
            &process, "/proc/self/exe", &actions, &attributes, words, environ)
        guard failure == 0 else { throw .system("cannot start the node", failure) }
    }

    /// Descriptors that a new process would keep: files of the shell's, mostly none.
    private static func inherited() -> [Int32] {
        OpenFiles.numbers.filter(OpenFiles.isKept)
    }
}
