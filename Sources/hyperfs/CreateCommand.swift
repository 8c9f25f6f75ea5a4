import ArgumentParser
import Hyperdrive
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
        var configuration = Engine.Configuration(store: try common.storeFolder)
        configuration.network = nil
        configuration.logger = common.logger
        let engine = try await Engine.start(configuration)
        do {
            let drive = try engine.createDrive(name: name)
            let console = common.console()
            if console.isJSON {
                console.json(KeyEvent.json(drive.key, path: "/"))
            } else {
                console.line(drive.key.hex)
            }
        } catch {
            await engine.close()
            throw error
        }
        await engine.close()
    }
}
