import ArgumentParser
import Node

/// `hyperfs verify`: hashes everything that is here of a drive again.
struct VerifyCommand: AsyncParsableCommand, KeepingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Hash every local block of a drive again.",
        discussion: "Bad ones are dropped, and fetched again where a peer has them; else exit 7.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "A key, a hyper:// URL or a local name.", completion: .drive)
    var drive: String

    func run() async throws {
        let reference = try DriveReference(drive)
        guard reference.path == "/" else {
            throw NodeError(
                .usage, "'\(reference)' names a folder in a drive",
                hint: "whole drives are verified")
        }
        let console = common.console()
        let lines = WorkLines(console, verb: "verified")
        let done = try await keep(
            reference, "verify", lines, network.configuration(common)
        ) { engine, pin in
            let key = try engine.key(of: DriveReference(pin.key))
            let verification = try Verification(of: key, in: engine)
            return try await verification.run { lines.show(blocks: $0, of: $1) }.json(pin.key)
        }
        let result = Result(done)
        report(result, console, done)
        if result.lost > 0 { throw result.failure }
    }

    private func report(_ result: Result, _ console: Console, _ json: JSONValue) {
        if console.isJSON { return console.json(json) }
        if result.bad == 0 { return console.note("\(result.blocks) blocks are whole") }
        console.note(
            "\(result.blocks) blocks: \(result.bad) were damaged, \(result.bad - result.lost) of "
                + "them were fetched again")
        result.paths.forEach { console.note("  \(Printable.text($0))") }
    }
}

/// What a verification came to.
private struct Result {
    let key: String
    let blocks: UInt64
    let bad: UInt64
    let lost: UInt64
    let paths: [String]
    let isOwn: Bool

    init(_ json: JSONValue) {
        key = json["key"]?.string ?? ""
        blocks = json["blocks"]?.number ?? 0
        bad = json["bad"]?.number ?? 0
        lost = min(bad, json["lost"]?.number ?? 0)
        paths = json["paths"]?.array?.compactMap(\.string) ?? []
        isOwn = json["writable"]?.bool ?? false
    }

    /// Loud, since something is gone.
    var failure: NodeError {
        let files = paths.isEmpty ? "" : ": " + paths.joined(separator: ", ")
        let again = "run it again while a peer has the drive"
        return NodeError(
            .corrupt,
            "\(lost) of \(blocks) blocks of \(isOwn ? "our own " : "")drive \(key) are damaged and "
                + "gone\(files)",
            hint: again + (isOwn ? ", or put the files again" : "")
                + "; check the disk (dmesg, smartctl)")
    }
}
