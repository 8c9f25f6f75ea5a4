import ArgumentParser
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

    @Argument(help: "<drive> or <drive>/path.", completion: .drivePath)
    var drivePath: String

    @Argument(help: "Where it goes.", completion: .file())
    var local: String

    func run() async throws {
        let reference = try DriveReference(drivePath)
        let local = local
        let destination = try CommonOptions.absolute(local)
        try await reading(reference) { reader, console in
            let meter = ProgressMeter(console, verb: "copied")
            let leftOut = Counter()
            try await reader.copyOut(to: destination) { line in
                switch line["event"]?.string {
                case "progress":
                    meter.show(
                        files: Int(clamping: line["files"]?.number ?? 0),
                        of: Int(clamping: line["filesTotal"]?.number ?? 0),
                        bytes: line["bytes"]?.number ?? 0, of: line["bytesTotal"]?.number ?? 0)
                case "note":
                    leftOut.increment()
                    console.note("hyperfs: \(Printable.text(line["text"]?.string ?? ""))")
                case "done":
                    meter.finish()
                    guard console.isJSON else { return }
                    console.json([
                        "event": "done", "files": .number(line["files"]?.number ?? 0),
                        "bytes": .number(line["bytes"]?.number ?? 0), "path": .string(local),
                    ])
                default: break
                }
            }
            if leftOut.value > 0 {
                throw NodeError(
                    .failed, "\(leftOut.value) entries of \(reference) were left out",
                    hint: "the lines above say which and why")
            }
        }
    }
}
