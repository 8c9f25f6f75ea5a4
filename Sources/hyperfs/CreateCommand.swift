import ArgumentParser
import Node

/// `hyperfs create`: a new, empty drive of our own.
struct CreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a new, empty, writable drive and print its key.")

    @OptionGroup var common: CommonOptions

    @Option(name: .long, help: ArgumentHelp("A local name for it.", valueName: "name"))
    var name: String?

    func validate() throws {
        guard let name, !DriveReference.isName(name) else { return }
        throw ValidationError(
            "--name '\(name)': letters, digits, '.', '-' and '_', at most 64, and not a key")
    }

    func run() async throws {
        let console = common.console()
        let made = try await StoreWork.run(common) { client in
            try await client.request(
                .post, "/v1/drives", name.map { ["name": .string($0)] } ?? .null)
        } alone: { engine in
            KeyEvent.json(try engine.createDrive(name: name).key, path: "/")
        }
        if console.isJSON { return console.json(made) }
        console.line(made["key"]?.string ?? "")
    }
}
