import Foundation
import TestSupport
import Testing

/// Every line of docs/SEMANTICS.md, on a mount, and on a local folder where it says so.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct SemanticsTests {
    private struct Row {
        let line: String
        let prints: String
        /// It prints the same on a local folder.
        let isUsual: Bool
    }

    @Test func everyLineOfTheSemanticsPrintsWhatItSays() async throws {
        let rows = try Self.rows()
        #expect(rows.count > 70)
        guard geteuid() == 0 else {
            #expect(!ProcessEnvironment.isCI, "the lines are those of root")
            return
        }
        guard let mount = try await OwnMount() else { return }
        let local = try TemporaryFolder()
        for (index, row) in rows.enumerated() {
            let printed = try Self.run(row.line, in: mount.path + "/\(index)")
            Self.expect(printed, row, "mounted")
            guard row.isUsual else { continue }
            Self.expect(try Self.run(row.line, in: local("\(index)")), row, "locally")
        }
        try mount.unmount()
    }

    private static func expect(_ printed: String, _ row: Row, _ place: String) {
        let isRight = row.prints.isEmpty ? printed.isEmpty : printed.contains(row.prints)
        #expect(isRight, "\(place): '\(row.line)' prints '\(printed)', not '\(row.prints)'")
    }

    private static func run(_ line: String, in folder: String) throws -> String {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }

    /// Rows of two cells whose first is code.
    private static func rows() throws -> [Row] {
        let here = URL(fileURLWithPath: #filePath)
        let root = (0..<4).reduce(here) { url, _ in url.deletingLastPathComponent() }
        let text = try String(
            contentsOf: root.appendingPathComponent("docs/SEMANTICS.md"), encoding: .utf8)
        var isUsual = true
        var rows: [Row] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") { isUsual = line != "## What is different" }
            guard line.hasPrefix("| `") else { continue }
            let cells = line.replacingOccurrences(of: "\\|", with: "\u{1}")
                .split(separator: "|").map {
                    $0.trimmingCharacters(in: CharacterSet(charactersIn: "` "))
                        .replacingOccurrences(of: "\u{1}", with: "|")
                }
            guard let first = cells.first else { continue }
            rows.append(
                Row(line: first, prints: cells.count > 1 ? cells[1] : "", isUsual: isUsual))
        }
        return rows
    }
}
