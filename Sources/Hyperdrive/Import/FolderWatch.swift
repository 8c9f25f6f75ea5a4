import Glibc
import Synchronization

/// Tells which paths below a folder change, by the kernel's inotify. Links are not followed.
///
/// A file counts as changed when its writer closes it, so that one that is written for hours is
/// not read again and again.
public final class FolderWatch: Sendable {
    /// What changed.
    public enum Change: Sendable, Equatable {
        /// Paths relative to the folder; of a folder that came, only its own.
        case paths([String])
        /// More than was counted: everything has to be looked through.
        case everything
    }

    private let folder: String
    private let inotify: LocalFile
    /// A byte in this pipe ends `next`.
    private let wakeUp: LocalFile
    private let wakeUpEnd: LocalFile
    private let state: Mutex<WatchTable>

    /// Begins to watch: from now on nothing is missed. Throws `.io` when the folder cannot be
    /// read, or when the system allows no more watches.
    public init(folder: String) throws {
        self.folder = folder
        let queue = inotify_init1(Inotify.queueFlags)
        guard queue >= 0 else { throw DriveError.system("watch", folder, errno) }
        inotify = LocalFile(descriptor: queue)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw DriveError.system("watch", folder, errno) }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (wakeUp, wakeUpEnd) = (LocalFile(descriptor: ends[0]), LocalFile(descriptor: ends[1]))
        var table = WatchTable()
        try table.add("", below: folder, to: queue)
        state = Mutex(table)
    }

    /// Waits for changes and lets them settle: 50 ms of silence, 500 ms at most. `nil` after
    /// `stop`. Blocks; call it on a thread of its own, one at a time.
    public func next() -> Change? {
        var paths: Set<String> = []
        var isEverything = false
        var deadline: ContinuousClock.Instant?
        while true {
            var wait: Int32 = -1
            if let deadline {
                let left = deadline - .now
                if left <= .zero { break }
                let milliseconds = left.components.attoseconds / 1_000_000_000_000_000
                wait = min(50, Int32(milliseconds) + 1)
            }
            var polled = [
                pollfd(fd: inotify.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&polled, 2, wait)
            if count < 0, errno != EINTR { return nil }
            if polled[1].revents != 0 { return nil }
            if count == 0 { break }
            guard count > 0, polled[0].revents != 0 else { continue }
            isEverything = takeEvents(into: &paths) || isEverything
            if paths.count > OwnLimits.changedPathsMax { isEverything = true }
            if isEverything { paths = [] }
            if deadline == nil, isEverything || !paths.isEmpty {
                deadline = .now + .milliseconds(500)
            }
        }
        return isEverything ? .everything : .paths(paths.sorted(by: DrivePath.isBefore))
    }

    /// Why changes in some folder go unseen from now on; `nil` after it was told once. To be asked
    /// after `next`.
    public func takeFault() -> DriveError? {
        state.withLock { table in
            defer { table.fault = nil }
            return table.fault
        }
    }

    /// Makes `next` return `nil`, now and later. From any thread.
    public func stop() {
        // A full pipe has woken it already.
        _ = write(wakeUpEnd.descriptor, "x", 1)
    }

    /// Reads what the kernel has. True = some of it was lost.
    private func takeEvents(into paths: inout Set<String>) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
        defer { buffer.deallocate() }
        var isLost = false
        while true {
            let count = read(inotify.descriptor, buffer.baseAddress, buffer.count)
            guard count > 0 else { break }
            let events = WatchEvent.all(in: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            let queue = inotify.descriptor
            state.withLock { table in
                for event in events {
                    guard let path = table.take(event, below: folder, on: queue) else {
                        isLost = true
                        continue
                    }
                    if let path { paths.insert(path) }
                }
            }
        }
        return isLost
    }
}
