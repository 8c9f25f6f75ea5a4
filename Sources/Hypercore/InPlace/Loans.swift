import Synchronization

/// Which bytes of a feed lie in the files of a folder instead of in its data file, and those bytes.
///
/// Whoever owns the folder changes it as he likes, so nothing that is read here is believed: `Feed`
/// hashes each block anew. What this file promises is only where to look.
///
/// Any thread may call. Its lock is below the feed's.
public final class Loans: Sendable {
    fileprivate struct State {
        /// The folder that lends; nil = none has been named, and nothing is lent.
        var folder: String?
        var table = LoanTable()
        /// Records that are not in the file.
        var unsaved: [UInt8] = []
        /// Bytes in the file; nil = it must be written anew.
        var savedBytes: Int? = 0
        /// What the records that count took when they were counted last.
        var liveBytes = 0
    }

    /// Where it is kept; nil = nowhere.
    private let file: String?
    private let state: Mutex<State>
    /// Held while the file is written, so that records get there in order.
    private let saving = Mutex(())

    /// The loans of a file, which need not exist. Throws `io`.
    public init(file: String?) throws {
        self.file = file
        state = Mutex(try file.map(Self.load) ?? State())
    }

    /// The folder that lends, absolute; nil = nothing is lent.
    public var folder: String? { state.withLock { $0.folder } }

    /// Whether nothing is lent.
    public var isEmpty: Bool { state.withLock { $0.table.loans.isEmpty } }

    /// All of them, in the order of the feed.
    public var all: [Loan] { state.withLock { $0.table.loans } }

    /// The loan that has a byte of the feed.
    public func loan(at byte: UInt64) -> Loan? { state.withLock { $0.table.loan(at: byte) } }

    /// Whether any of these bytes are lent.
    func touches(_ bytes: Range<UInt64>) -> Bool { state.withLock { $0.table.touches(bytes) } }

    /// Fills the buffer with bytes of the feed that one file lends. False: it does not lend all of
    /// them, or cannot be read.
    func read(at byte: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let found = state.withLock { state -> (path: String, offset: UInt64)? in
            guard let folder = state.folder, let loan = state.table.loan(at: byte),
                loan.bytes.upperBound - byte >= UInt64(buffer.count)
            else { return nil }
            return (folder + "/" + loan.path, loan.offset + (byte - loan.bytes.lowerBound))
        }
        guard let found else { return false }
        return SystemCalls.readWhole(found.path, at: found.offset, into: buffer)
    }
}

extension Loans {
    /// Bytes of the feed that one file lends; nil: it does not lend all of them.
    func bytes(at byte: UInt64, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return bytes.withUnsafeMutableBytes { read(at: byte, into: $0) } ? bytes : nil
    }
}

// MARK: - Changing

extension Loans {
    /// Names the folder that lends. All loans there are count as its own from now on.
    func setFolder(_ path: String) {
        state.withLock { state in
            guard state.folder != path else { return }
            state.folder = path
            state.note(.folder(path))
        }
    }

    /// Adds loans; where there were others, these count.
    func add(_ loans: [Loan]) {
        state.withLock { state in
            state.table.add(loans)
            for loan in loans { state.note(.loan(loan)) }
        }
    }

    /// Ends what is lent in ranges, which are in order.
    func remove(_ ranges: [Range<UInt64>]) {
        state.withLock { state in
            let known = ranges.filter { state.table.touches($0) }
            state.table.remove(known)
            for range in known { state.note(.removal(range)) }
        }
    }

    /// Ends all of them, and forgets the folder.
    func removeAll() throws {
        try saving.withLock { _ in
            state.withLock { $0 = State() }
            if let file { try SystemCalls.remove(file) }
        }
    }

    /// Makes the file say what was changed. Durable on return. Throws `io`.
    func save() throws {
        try saving.withLock { _ in
            let work = state.withLock { $0.takeWork() }
            guard let file, let work else { return }
            do {
                switch work {
                case .append(let bytes, let offset):
                    try SystemCalls.append(bytes, to: file, at: offset)
                case .replace(let bytes):
                    try SystemCalls.replace(file, with: bytes)
                }
            } catch {
                // Nobody knows what the file has now.
                state.withLock { $0.savedBytes = nil }
                throw error
            }
        }
    }
}

// MARK: - The file

extension Loans {
    /// What a save has to write.
    fileprivate enum Work {
        case append([UInt8], at: UInt64)
        case replace([UInt8])
    }

    private static func load(_ file: String) throws -> State {
        var state = State()
        guard let bytes = try SystemCalls.wholeFile(file, max: Limits.loansBytesMax) else {
            return state
        }
        var rest = bytes[...]
        // Taken together, or thousands of removals would go through the table one by one.
        var added: [Loan] = []
        var removed: [Range<UInt64>] = []
        func settle() {
            state.table.add(added)
            state.table.remove(removed.sorted { $0.lowerBound < $1.lowerBound })
            (added, removed) = ([], [])
        }
        while let (record, size) = LoanRecord.decode(rest) {
            rest = rest.dropFirst(size)
            switch record {
            case .folder(let path): state.folder = path
            case .loan(let loan):
                // What overlaps what was just added has to come behind it.
                let isBehind = added.last.map { $0.bytes.upperBound <= loan.bytes.lowerBound }
                if !removed.isEmpty || isBehind == false { settle() }
                added.append(loan)
            case .removal(let range):
                if !added.isEmpty { settle() }
                removed.append(range)
            }
        }
        settle()
        state.savedBytes = bytes.count - rest.count
        return state
    }
}

extension Loans.State {
    mutating func note(_ record: LoanRecord) { record.encode(into: &unsaved) }

    /// All that counts, as records.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        if let folder { LoanRecord.folder(folder).encode(into: &bytes) }
        for loan in table.loans { LoanRecord.loan(loan).encode(into: &bytes) }
        return bytes
    }

    /// What is to be written now, taken as written; nil = nothing.
    fileprivate mutating func takeWork() -> Loans.Work? {
        if let saved = savedBytes {
            guard !unsaved.isEmpty else { return nil }
            if !isMostlyDead(saved + unsaved.count) {
                defer { unsaved = [] }
                savedBytes = saved + unsaved.count
                return .append(unsaved, at: UInt64(saved))
            }
        }
        let bytes = encoded()
        unsaved = []
        savedBytes = bytes.count
        return .replace(bytes)
    }

    /// Whether a file of so many bytes is worth writing anew. Counts only when it has doubled.
    private mutating func isMostlyDead(_ bytes: Int) -> Bool {
        guard bytes > Limits.loansSlackBytes + 2 * liveBytes else { return false }
        liveBytes = encoded().count
        return bytes > Limits.loansSlackBytes + 2 * liveBytes
    }
}

extension Limits {
    /// The largest loans file that is read: of some ten million files.
    static let loansBytesMax = 1 << 30
    /// What a loans file may hold of what counts no more, besides as much as counts.
    static let loansSlackBytes = 1 << 20
}
