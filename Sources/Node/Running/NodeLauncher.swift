import Glibc

/// Finds the node of a store, or starts one: this same program, in a session of its own.
public struct NodeLauncher: Sendable {
    /// The store.
    public let store: String
    /// What to give to the program: the verb that runs a node, and its options.
    public let arguments: [String]
    /// Where a node that is started writes what it has to say.
    public let logFile: String?

    /// Nothing is started yet.
    public init(store: String, arguments: [String], logFile: String?) {
        self.store = store
        self.arguments = arguments
        self.logFile = logFile
    }

    /// The node, running and answering, and what it mended when it was started just now.
    public struct Found: Sendable {
        /// Who answers.
        public let client: ControlClient
        /// `GET /v1/node`
        public let identity: JSONValue
        /// Whether it runs because of us.
        public let isNew: Bool
        /// What it mended at its start, for people.
        public let notes: [String]
    }

    /// The node that runs; nil: none does.
    public func find() async throws -> Found? {
        let client = try ControlClient(store: store)
        guard let identity = try await client.identity() else { return nil }
        return Found(client: client, identity: identity, isNew: false, notes: [])
    }

    /// The node that runs, or a new one. Any number of commands may do this at once: one starts
    /// it, the others wait for it. Throws what a new node says that cannot start, or `.storeLocked`
    /// when the store's lock is held by somebody who does not answer.
    public func findOrStart() async throws -> Found {
        if let found = try await find() { return found }
        let attempts = StoreAttempts()
        let deadline = ContinuousClock.now + Limits.nodeStartTime
        var turn: StartTurn?
        var pause = Limits.nodeStartTick
        while true {
            // One after another: who comes first starts it, who comes next finds it.
            if turn == nil { turn = try StartTurn.take(store: store) }
            if let found = try await find() { return found }
            if turn != nil {
                do {
                    let notes = try await start()
                    if let found = try await find() {
                        return Found(
                            client: found.client, identity: found.identity, isNew: true,
                            notes: notes)
                    }
                } catch let error as NodeError where error.code == .storeLocked {
                    // It may be one that ends just now, or that is about to listen.
                    try await attempts.again(after: error)
                }
            }
            guard ContinuousClock.now < deadline else {
                throw NodeError(
                    .storeLocked, "the node of \(store) could not be started in time",
                    hint: "try again; \(logFile.map { "its log is \($0)" } ?? "see its log")")
            }
            // Many who look all the time would keep it from starting.
            try await Task.sleep(for: pause)
            pause = min(pause * 2, Limits.nodeStartPause)
        }
    }

    /// The right to start the node: as long as it is held, other commands wait for a node that
    /// answers. Throws `.storeLocked` when somebody keeps it.
    public func takeTurn() async throws -> StartTurn {
        let attempts = StoreAttempts(.longer)
        while true {
            if let turn = try StartTurn.take(store: store) { return turn }
            try await attempts.again(
                after: NodeError(
                    .storeLocked, "another command is starting the node of \(store)",
                    hint: "try again"))
        }
    }

    /// Starts the program and waits for its word. Returns what it mended.
    private func start() async throws -> [String] {
        let arguments = arguments
        let logFile = logFile
        let line = try await onThread("node-start") {
            try Self.spawn(arguments, logFile: logFile)
        }
        guard let word = try? JSONValue(parsing: line) else {
            throw NodeError(
                .failed, "the node ended before it was ready",
                hint: logFile.map { "its log \($0) tells why" } ?? "run 'hyperfs node' to see why")
        }
        if let error = NodeError(word) { throw error }
        return word["notes"]?.array?.compactMap(\.string) ?? []
    }

    /// What the new process writes to its end of the pipe. Blocks until it has written a line, or
    /// is gone, or takes too long.
    private static func spawn(_ arguments: [String], logFile: String?) throws -> [UInt8] {
        var pipe: (read: Int32, write: Int32) = (-1, -1)
        try withUnsafeMutableBytes(of: &pipe) { bytes in
            guard let base = bytes.bindMemory(to: Int32.self).baseAddress, Glibc.pipe(base) == 0
            else { throw NodeError.system("cannot start the node") }
        }
        defer { close(pipe.read) }
        do {
            defer { close(pipe.write) }
            for end in [pipe.read, pipe.write] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            try DetachedProcess.start(
                arguments: arguments, logFile: logFile,
                passing: pipe.write, as: DetachedProcess.readyDescriptor)
        }
        return try readLine(pipe.read)
    }

    private static func readLine(_ descriptor: Int32) throws -> [UInt8] {
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        let deadline = ContinuousClock.now + Limits.nodeStartTime
        while line.last != UInt8(ascii: "\n"), line.count < Limits.controlBodyBytes {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let rest = (deadline - .now).milliseconds
            let isReadable = poll(&wait, 1, Int32(clamping: rest))
            if isReadable < 0, errno == EINTR { continue }
            guard isReadable > 0 else {
                throw NodeError(
                    .storeLocked, "the node did not become ready in time", hint: "see its log")
            }
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return line }
            line += chunk[..<count]
        }
        return line
    }
}
