import Foundation
import TestSupport
import Testing

/// `--limit-up` and `--limit-down`, between two processes.
@Suite(.timeLimit(.minutes(2)))
struct RateLimitTests {
    /// Seconds that a copy of 3 MB takes, at least as many as the limit says.
    @Test(arguments: [["share"], ["get"]])
    func aCopyTakesAsLongAsTheLimitSays(limited: [String]) async throws {
        var random = SeededRandom.announced()
        let bytes = (0..<3_000_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let folder = try TemporaryFolder()
        try Data(bytes).write(to: URL(fileURLWithPath: folder("file")))
        let share = try RunningCommand(
            Command(),
            [
                "share", folder.path, "--json", "--foreground", "--no-discovery", "--listen",
                "127.0.0.1:0",
            ] + (limited == ["share"] ? ["--limit-up", "1M"] : []))
        let ready = try #require(await share.event("ready"))
        let peer = try #require(ready["listen"].array.first?.string)
        let command = try Command()
        let start = ContinuousClock.now
        let result = try command.run(
            [
                "get", ready["key"].string + "/file", command.home("copy"), "--no-discovery",
                "--peer", peer,
            ]
                + (limited == ["get"] ? ["--limit-down", "1M"] : []))
        let time = ContinuousClock.now - start
        #expect(result.status == 0, "\(result.errors)")
        #expect(FileManager.default.contents(atPath: command.home("copy")) == Data(bytes))
        // The last turn of serving, a mebibyte at most, is paid off when the copy is done.
        #expect(time > .seconds(1.8), "\(time)")
        #expect(share.end() == 0)
    }

    @Test func whatIsNoRateIsRefused() throws {
        let command = try Command()
        let key = String(repeating: "ab", count: 32)
        for text in ["0", "fast", "-1"] {
            #expect(try command.run("ls", key, "--limit-up=\(text)").status == 64)
        }
    }
}
