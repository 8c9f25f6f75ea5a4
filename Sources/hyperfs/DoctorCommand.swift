import ArgumentParser
import Node

/// `hyperfs doctor`: what works here, what does not, and what to do.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check FUSE, store, ports, NAT, DHT, LAN; say what to do.",
        discussion: "Takes some seconds. Ends with 1 when something that is needed does not work.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var network: NetworkOptions

    func run() async throws {
        let console = common.console()
        let engine = try network.configuration(common)
        var findings = [Doctor.fuse(), await Doctor.store(engine.store)]
        for finding in findings { show(finding, console) }
        if let network = engine.network {
            console.progress("asking around")
            let others = await Doctor.network(network)
            for finding in others { show(finding, console) }
            findings += others
        }
        if findings.contains(where: { $0.state == .failed }) { throw ExitCode(1) }
    }

    private func show(_ finding: Finding, _ console: Console) {
        if console.isJSON { return console.json(finding.json) }
        let words: [Finding.State: String] = [
            .ok: "ok", .warning: "warning", .failed: "FAILED", .skipped: "-",
        ]
        let word = words[finding.state] ?? ""
        console.line(
            Format.left(finding.check, 10) + Format.left(word, 9) + Printable.text(finding.message))
        if !finding.hint.isEmpty {
            console.line(String(repeating: " ", count: 19) + Printable.text(finding.hint))
        }
    }
}
