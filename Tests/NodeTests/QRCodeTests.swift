import Foundation
import TestSupport
import Testing

@testable import Node

@Suite(.timeLimit(.minutes(1)))
struct QRCodeTests {
    /// As a bitmap, four points for each module.
    private func bitmap(_ code: QRCode) -> Data {
        let side = (code.size + 8) * 4
        var text = "P1\n\(side) \(side)\n"
        for y in 0..<side {
            text += (0..<side).map { code[$0 / 4 - 4, y / 4 - 4] ? "1" : "0" }.joined() + "\n"
        }
        return Data(text.utf8)
    }

    /// Another's reader reads it.
    @Test(arguments: [1, 14, 15, 26, 27, 42, 62, 72, 84, 85, 106])
    func zbarReadsEverySize(count: Int) throws {
        let alphabet = Array("hyper://0123456789abcdefXYZ+%")
        let text = String((0..<count).map { alphabet[($0 * 7 + count) % alphabet.count] })
        let code = try #require(QRCode(text))
        let folder = try TemporaryFolder()
        try bitmap(code).write(to: URL(fileURLWithPath: folder("code.pbm")))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/zbarimg")
        process.arguments = ["--quiet", "--raw", folder("code.pbm")]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let read = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(String(decoding: read, as: UTF8.self) == text + "\n")
    }

    @Test func whatDoesNotFitIsNone() {
        #expect(QRCode(String(repeating: "x", count: 107)) == nil)
        #expect(QRCode("")?.size == 21)
    }

    @Test func thePictureHasAQuietZone() throws {
        let code = try #require(QRCode("hyper://x"))
        #expect(code.svg.contains("viewBox=\"0 0 \(code.size + 8) \(code.size + 8)\""))
        #expect(code.svg.contains("M4 4h1v1h-1z"))
        #expect(!code.svg.contains("M3 "))
    }
}
