import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs get`: copies out of a drive; run again, it goes on where it was.
struct GetCommand: AsyncParsableCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Copy a file or folder out of a drive.",
        discussion: """
            A folder's content goes into <local>; a file becomes <local>, or goes into it when it \
            is a folder. Run again to go on where it stopped: complete files are left alone.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "<drive> or <drive>/path.")
    var drivePath: String

    @Argument(help: "Where it goes.")
    var local: String

    func run() async throws {
        let reference = try DriveReference(drivePath)
        let local = local
        try await reading(reference) { reader, console in
            let (engine, drive) = try await reader.connect()
            let meter = ProgressMeter(console, verb: "copied")
            let leftOut = Counter()
            let copy = CopyOut(drive, in: engine) { progress in
                meter.show(
                    files: progress.files, of: progress.filesTotal, bytes: progress.bytes,
                    of: progress.bytesTotal)
            } note: { text in
                leftOut.increment()
                console.note("hyperfs: \(Printable.text(text))")
            }
            let result = try await copy.run(reference.path, to: local)
            meter.finish()
            if console.isJSON {
                console.json([
                    "event": "done", "files": .number(UInt64(result.files)),
                    "bytes": .number(result.bytes), "path": .string(local),
                ])
            }
            if leftOut.value > 0 {
                throw NodeError(
                    .failed, "\(leftOut.value) entries of \(reference) were left out",
                    hint: "the lines above say which and why")
            }
        }
    }
}
