import Foundation
import TestSupport
import Testing

/// A node with its web page, and a browser's way to it.
final class WebVisit {
    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    let command: Command
    let running: RunningCommand
    /// The address with the ticket, and the page's without.
    let ticket: String
    let origin: String

    init(_ command: Command, _ arguments: String...) async throws {
        self.command = command
        running = try RunningCommand(command, ["web", "--no-open", "--json"] + arguments)
        let event = try #require(await running.event("web"))
        ticket = event["url"].string
        origin = ticket.components(separatedBy: "/?")[0]
    }

    var host: String { String(origin.dropFirst("http://".count)) }

    /// Shows the ticket; the cookie stays.
    func enter() throws {
        let answer = try get(ticket)
        #expect(answer.status == 303)
    }

    /// A page of ours by its path, or an address. `options` are curl's.
    func get(_ path: String, _ options: String...) throws -> Answer {
        try get(path, options)
    }

    func get(_ path: String, _ options: [String]) throws -> Answer {
        let folder = try TemporaryFolder()
        let jar = command.home("cookies")
        let url = path.hasPrefix("/") ? origin + path : path
        let result = try run(
            "/usr/bin/curl",
            [
                "--silent", "--show-error", "--path-as-is", "--globoff", "--max-time", "30",
                "--cookie", jar, "--cookie-jar", jar, "--dump-header", folder("head"),
                "--output", folder("body"),
            ] + options + [url])
        try #require(result.status == 0, "curl \(url): \(result.text)")
        let lines = try String(contentsOfFile: folder("head"), encoding: .utf8)
            .split(whereSeparator: \.isNewline)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1)
            guard sides.count == 2 else { continue }
            headers[sides[0].lowercased()] = sides[1].trimmingCharacters(in: .whitespaces)
        }
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        let body = FileManager.default.contents(atPath: folder("body")) ?? Data()
        return Answer(status: status ?? 0, headers: headers, body: [UInt8](body))
    }

    /// What a real browser makes of an address; also as a picture in `.build/screenshots`.
    func browse(_ url: String, picture: String) throws -> String {
        let folder = URL(fileURLWithPath: Command.binary).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("screenshots")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let profile = try TemporaryFolder()
        let common = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--user-data-dir=\(profile.path)", "--window-size=1000,800",
            "--timeout=20000", "--virtual-time-budget=5000",
        ]
        let shown = try run(
            "/usr/bin/chromium",
            common + [
                "--screenshot=\(folder.appendingPathComponent(picture + ".png").path)",
                "--dump-dom", url,
            ])
        #expect(shown.status == 0)
        return shown.text
    }

    /// A ticket for one more browser.
    func another(_ path: String? = nil) async throws -> String {
        let more = try RunningCommand(
            command, ["web", "--no-open", "--json"] + (path.map { [$0] } ?? []))
        others.append(more)
        return try #require(await more.event("web"))["url"].string
    }

    private var others: [RunningCommand] = []

    func end() {
        for other in others { _ = other.end() }
        #expect(running.end() == 0)
    }

    private func run(_ path: String, _ arguments: [String]) throws -> (status: Int32, text: String)
    {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = [
            "HOME": command.home.path, "PATH": "/usr/bin:/bin", "NO_PROXY": "*",
            "XDG_RUNTIME_DIR": command.home.path,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
