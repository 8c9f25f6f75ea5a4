import Node
import Synchronization

/// Progress of work that takes more than a second: a line that replaces itself on a terminal,
/// events for programs, never more than four a second.
final class ProgressMeter: Sendable {
    private let console: Console
    private let verb: String
    private let isEvent: Bool
    private let start = ContinuousClock.now
    private let last: Mutex<ContinuousClock.Instant?> = Mutex(nil)

    /// `verb` as in `copied 3 of 9 files`. Events come from the start, the line after a second.
    init(_ console: Console, verb: String) {
        self.console = console
        self.verb = verb
        isEvent = console.isJSON
    }

    func show(files: Int, of filesTotal: Int, bytes: UInt64, of bytesTotal: UInt64) {
        guard isDue() else { return }
        if isEvent {
            return console.json([
                "event": "progress", "files": .number(UInt64(files)),
                "filesTotal": .number(UInt64(filesTotal)), "bytes": .number(bytes),
                "bytesTotal": .number(bytesTotal),
            ])
        }
        let seconds = (.now - start) / .seconds(1)
        let rate = Format.size(UInt64(Double(bytes) / max(seconds, 0.001)))
        let percent = bytesTotal > 0 ? "  \(min(100, bytes &* 100 / bytesTotal))%" : ""
        console.progress(
            "\(verb) \(files) of \(filesTotal) files, \(Format.size(bytes)) of "
                + "\(Format.size(bytesTotal))\(percent)  \(rate)/s")
    }

    /// Work that is counted in blocks.
    func show(blocks: UInt64, of total: UInt64) {
        guard isDue() else { return }
        if isEvent {
            return console.json([
                "event": "progress", "blocks": .number(blocks), "blocksTotal": .number(total),
            ])
        }
        let percent = total > 0 ? "  \(min(100, blocks &* 100 / total))%" : ""
        console.progress("\(verb) \(blocks) of \(total) blocks\(percent)")
    }

    private func isDue() -> Bool {
        let now = ContinuousClock.now
        guard isEvent || (Console.isErrorTerminal && now - start > .seconds(1)) else {
            return false
        }
        return last.withLock { last in
            if let before = last, now - before < .milliseconds(250) { return false }
            last = now
            return true
        }
    }

    /// Takes the line away.
    func finish() { console.clearProgress() }
}
