import ArgumentParser
import Hyperdrive
import Node

/// `hyperfs verify`: hashes everything that is here of a drive again.
struct VerifyCommand: AsyncParsableCommand, KeepingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Hash every local block of a drive again.",
        discussion: "Bad ones are dropped, and fetched again where a peer has them; else exit 7.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    @Argument(help: "A key, a hyper:// URL or a local name.")
    var drive: String

    func run() async throws {
        let reference = try DriveReference(drive)
        guard reference.path == "/" else {
            throw NodeError(
                .usage, "'\(reference)' names a folder in a drive",
                hint: "whole drives are verified")
        }
        try await keeping(reference, network.configuration(common)) { engine, pin, console in
            let drive = try Drive(store: engine.store, key: engine.key(of: reference))
            let meter = ProgressMeter(console, verb: "verified")
            let outcome = try await Verification(drive, in: engine).run {
                meter.show(blocks: $0, of: $1)
            }
            meter.finish()
            report(outcome, pin, console)
            guard outcome.lost > 0 else { return }
            throw NodeError(
                .corrupt,
                "\(outcome.lost) of \(outcome.blocks) blocks of \(outcome.isOwn ? "our own " : "")"
                    + "drive \(pin.key) are damaged and gone"
                    + (outcome.paths.isEmpty ? "" : ": " + outcome.paths.joined(separator: ", ")),
                hint: outcome.isOwn
                    ? "run it again while a peer has the drive, or put the files again; check the "
                        + "disk (dmesg, smartctl)"
                    : "run it again while a peer has the drive; check the disk (dmesg, smartctl)")
        }
    }

    private func report(_ outcome: Verification.Outcome, _ pin: Pin, _ console: Console) {
        if console.isJSON { return console.json(outcome.json(pin.key)) }
        if outcome.bad == 0 { return console.note("\(outcome.blocks) blocks are whole") }
        console.note(
            "\(outcome.blocks) blocks: \(outcome.bad) were damaged, \(outcome.refetched) of them "
                + "were fetched again")
        outcome.paths.forEach { console.note("  \(Printable.text($0))") }
    }
}
