import Foundation
import TestSupport
import Testing

@testable import Node

@Suite(.timeLimit(.minutes(1)))
struct DestinationFolderTests {
    @Test func nothingIsWrittenThroughASymlink() throws {
        let folder = try TemporaryFolder()
        let outside = try TemporaryFolder()
        let destination = try DestinationFolder(folder("out"))
        try destination.place(["link"]).makeSymlink(to: outside.path)
        #expect(throws: NodeError.self) { try destination.place(["link", "evil"]) }
        // A file takes the link's place instead of going through it.
        let place = try destination.place(["link"])
        let handle = try place.beginFile()
        try place.finishFile(handle, mode: 0o644, mtimeMilliseconds: 1000)
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path).isEmpty)
        #expect(place.regularFile?.size == 0)
        #expect(place.regularFile?.mtimeMilliseconds == 1000)
    }

    @Test(arguments: [[], [""], ["."], [".."], ["a", "..", "b"], ["a/b"], ["a\0"]])
    func namesThatAreNoNamesAreRefused(components: [String]) throws {
        let folder = try TemporaryFolder()
        let destination = try DestinationFolder(folder("out"))
        #expect(throws: NodeError.self) { try destination.place(components) }
    }

    @Test func setIdBitsAndForeignTimesAreHandled() throws {
        let folder = try TemporaryFolder()
        let destination = try DestinationFolder(folder("out"))
        try destination.place(["d"]).makeFolder()
        try destination.place(["d"]).makeFolder()
        let place = try destination.place(["d", String(repeating: "n", count: 255)])
        let handle = try place.beginFile()
        try place.finishFile(handle, mode: 0o104_755, mtimeMilliseconds: .max)
        let attributes = try FileManager.default.attributesOfItem(atPath: place.path)
        #expect(attributes[.posixPermissions] as? Int == 0o755)
        try destination.place(["d"]).finishFolder(mode: 0o500, mtimeMilliseconds: 5000)
    }
}
