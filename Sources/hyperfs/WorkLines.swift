import Node

/// What work has to say while it is done, here or in the node: progress, and lines for people.
final class WorkLines: Sendable {
    private let console: Console
    private let meter: ProgressMeter

    /// `verb` as in `copied 3 of 9 files`.
    init(_ console: Console, verb: String) {
        self.console = console
        meter = ProgressMeter(console, verb: verb)
    }

    func show(_ progress: EditProgress) {
        meter.show(
            files: progress.files, of: progress.filesTotal, bytes: progress.bytes,
            of: progress.bytesTotal)
    }

    func show(blocks: UInt64, of total: UInt64) { meter.show(blocks: blocks, of: total) }

    func show(note: String) { console.note("hyperfs: \(Printable.text(note))") }

    /// The last line of the node's answer; those before it are shown.
    func result(
        of client: ControlClient, _ path: String, _ body: JSONValue
    ) async throws -> JSONValue {
        var last = JSONValue.null
        try await client.stream(.post, path, body) { line in
            switch line["event"]?.string {
            case "progress": show(line)
            case "note": show(note: line["text"]?.string ?? "")
            default: last = line
            }
        }
        return last
    }

    private func show(_ line: JSONValue) {
        if let blocks = line["blocks"]?.number {
            return show(blocks: blocks, of: line["blocksTotal"]?.number ?? 0)
        }
        meter.show(
            files: Int(clamping: line["files"]?.number ?? 0),
            of: Int(clamping: line["filesTotal"]?.number ?? 0),
            bytes: line["bytes"]?.number ?? 0, of: line["bytesTotal"]?.number ?? 0)
    }

    /// Takes the progress away.
    func finish() { meter.finish() }
}
