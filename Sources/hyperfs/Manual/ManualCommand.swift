import ArgumentParser
import Foundation
import Node

/// `hyperfs manual`: for packagers, called by `make install`.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Write the manual pages into a folder.",
        shouldDisplay: false)

    @Argument(help: "The folder: man1, man5 and man8 are made in it.")
    var folder: String

    func run() throws {
        for page in Manual(try ToolDescription.load()).pages {
            let home = "\(folder)/man\(page.section)"
            do {
                try FileManager.default.createDirectory(
                    atPath: home, withIntermediateDirectories: true)
                try page.text.write(
                    toFile: "\(home)/\(page.fileName)", atomically: false, encoding: .utf8)
            } catch {
                throw NodeError(error, while: "writing \(home)/\(page.fileName)")
            }
        }
    }
}
