import Foundation
import Glibc
import HyperCrypto
import Hyperdrive
import TestSupport
import Testing

@testable import Node

/// The commands that change a drive, one by one.
@Suite(.timeLimit(.minutes(2)))
struct EditingTests {
    @Test func aMoveOfAFolderIsOneVersionStepAndMovesNoBytes() async throws {
        try await OfflineStore.with { store in
            try await store.edit(.makeFolders(FolderMaking(["/a"])))
            for name in 0..<20 { try await store.put("/a/\(name)", "\(name)") }
            let (version, bytes) = (store.drive.version, try store.drive.content().byteLength)
            let summary = try await store.edit(
                .move(Moving([EditSource(path: "/a")], to: EditTarget("/b"))))
            #expect(summary.entries == 42)
            #expect(try store.drive.content().byteLength == bytes)
            #expect(try store.paths().count == 21)
            #expect(try store.text("/b/7") == "7")
            // One append has one signature: no version between old and new is signed.
            let middle = try store.drive.checkout(version)
            #expect(try middle.everything("/").count == 21)
            #expect(try store.drive.entry("/a") == nil)
        }
    }

    @Test func aCopyWithinTheDriveSharesItsBlocks() async throws {
        try await OfflineStore.with { store in
            try await store.put("/f", "content")
            let bytes = try store.drive.content().byteLength
            try await store.edit(.copy(Copying([EditSource(path: "/f")], to: EditTarget("/g"))))
            #expect(try store.drive.content().byteLength == bytes)
            let (f, g) = (try store.drive.entry("/f"), try store.drive.entry("/g"))
            #expect(f?.stat.offset == g?.stat.offset)
            #expect(try store.text("/g") == "content")
            // So does a copy of an old version.
            let version = store.drive.version
            try await store.put("/f", "new")
            try await store.edit(
                .copy(
                    Copying(
                        [EditSource(version: version, path: "/f")], to: EditTarget("/old"))))
            #expect(try store.text("/old") == "content")
            #expect(try store.drive.content().byteLength == bytes + 3)
        }
    }

    @Test func nothingChangesUnlessEverythingCan() async throws {
        try await OfflineStore.with { store in
            try await store.put("/f", "1")
            let version = store.drive.version
            #expect(await store.code(.remove(Removal(["/f", "/nothing"]))) == .notFound)
            #expect(
                await store.code(
                    .move(
                        Moving(
                            [EditSource(path: "/f"), EditSource(path: "/no")], to: EditTarget("/")))
                ) == .notFound)
            #expect(store.drive.version == version)
        }
    }

    @Test func whatIsRestoredIsAsItWas() async throws {
        try await OfflineStore.with { store in
            try await store.edit(.makeFolders(FolderMaking(["/d"], mode: 0o700)))
            try await store.put("/d/kept", "kept")
            try await store.put("/d/changed", "before")
            try await store.put("/d/gone", "gone")
            try await store.put("/d/turned", "file")
            let before = try store.drive.everything("/d").map { ($0.path, $0.stat) }
            let version = store.drive.version
            try await store.put("/d/changed", "after")
            try await store.edit(.remove(Removal(["/d/gone", "/d/turned"])))
            try await store.edit(.makeFolders(FolderMaking(["/d/turned/x"], parents: true)))
            try await store.put("/d/new", "new")
            try await store.put("/elsewhere", "stays")
            let bytes = try store.drive.content().byteLength
            let summary = try await store.edit(.restore(Restoring("/d", version: version)))
            #expect(summary.entries < 10)
            let after = try store.drive.everything("/d").map { ($0.path, $0.stat) }
            #expect(after.map(\.0) == before.map(\.0))
            for (a, b) in zip(after, before) { #expect(a.1 == b.1, "\(a.0)") }
            #expect(try store.text("/elsewhere") == "stays")
            #expect(try store.drive.content().byteLength == bytes)
            // Nothing is left to do.
            let again = store.drive.version
            try await store.edit(.restore(Restoring("/d", version: version)))
            #expect(store.drive.version == again)
        }
    }

    @Test func theFoldersOfWhatIsRestoredComeBackWithIt() async throws {
        try await OfflineStore.with { store in
            try await store.edit(.makeFolders(FolderMaking(["/a/b"], parents: true, mode: 0o711)))
            try await store.put("/a/b/f", "f")
            let version = store.drive.version
            try await store.edit(.remove(Removal(["/a"], recursive: true)))
            #expect(try store.paths().isEmpty)
            try await store.edit(.restore(Restoring("/a/b/f", version: version)))
            #expect(try store.paths() == ["/a", "/a/b", "/a/b/f"])
            #expect(try store.drive.entry("/a/b")?.stat.mode == 0o040711)
            #expect(await store.code(.restore(Restoring("/a", version: 9999))) == .usage)
            #expect(await store.code(.restore(Restoring("/a", version: 1))) == .notFound)
        }
    }

    @Test func nestedDrivesGoAlongAndComeBack() async throws {
        try await OfflineStore.with { store in
            let inner = try store.engine.createDrive(name: "inner")
            try await store.edit(.makeFolders(FolderMaking(["/d"])))
            try await store.edit(.link(Linking("/d/in", key: inner.key, version: nil)))
            try await store.put("/d/in/f", "inner")
            #expect(String(decoding: try inner.read("/f"), as: UTF8.self) == "inner")
            try await store.edit(.move(Moving([EditSource(path: "/d")], to: EditTarget("/e"))))
            #expect(try store.drive.entry("/e/in")?.mount?.key == inner.key)
            #expect(try store.text("/e/in/f") == "inner")
            var copying = Copying([EditSource(path: "/e")], to: EditTarget("/copy"))
            copying.recursive = true
            try await store.edit(.copy(copying))
            #expect(try store.drive.entry("/copy/in")?.mount?.key == inner.key)
            // Between the drives: the bytes go along, and the source goes.
            try await store.put("/out", "moved")
            try await store.edit(
                .move(Moving([EditSource(path: "/out")], to: EditTarget("/e/in/"))))
            #expect(try store.drive.entry("/out") == nil)
            #expect(String(decoding: try inner.read("/out"), as: UTF8.self) == "moved")
            let version = store.drive.version
            try await store.edit(.unlink(Unlinking("/e/in")))
            #expect(try store.drive.entry("/e/in") == nil)
            #expect(try inner.list("/").count == 2)
            try await store.edit(.restore(Restoring("/e", version: version)))
            #expect(try store.text("/e/in/f") == "inner")
            #expect(await store.code(.unlink(Unlinking("/e"))) == .failed)
            try await store.edit(.remove(Removal(["/e"], recursive: true)))
            #expect(try inner.list("/").count == 2)
        }
    }

    @Test func folderTimesMoveWithWhatIsInThem() async throws {
        try await OfflineStore.with { store in
            let old = Stat.directory(mtime: 5)
            try store.drive.apply([
                .put(path: "/d", stat: old), .put(path: "/e", stat: old),
                .put(path: "/d/f", stat: .file(mtime: 5)),
            ])
            try await store.edit(.copy(Copying([EditSource(path: "/d/f")], to: EditTarget("/e"))))
            #expect(try store.drive.entry("/d")?.stat.mtime == 5)
            #expect(try #require(try store.drive.entry("/e")).stat.mtime > 5)
            try await store.edit(.remove(Removal(["/d/f"])))
            #expect(try #require(try store.drive.entry("/d")).stat.mtime > 5)
            // A folder that exists only by what is in it stays when that goes.
            try store.drive.apply([.put(path: "/implicit/f", stat: .file(mtime: 5))])
            try await store.edit(.remove(Removal(["/implicit/f"])))
            #expect(try store.drive.entry("/implicit")?.stat.kind == .directory)
        }
    }

    @Test(arguments: [
        "/a/../b", "/\(String(repeating: "x", count: 300))", "/a\0b",
        "/" + String(repeating: "d/", count: 3000),
    ])
    func namesThatNoFileSystemHasAreRefused(path: String) async throws {
        try await OfflineStore.with { store in
            #expect(await store.code(.makeFolders(FolderMaking([path], parents: true))) == .usage)
            #expect(await store.code(.remove(Removal([path]))) == .usage)
            #expect(
                await store.code(.copy(Copying([EditSource(path: path)], to: EditTarget("/x"))))
                    == .usage)
            #expect(store.drive.version == 1)
        }
    }

    @Test func requestsSurviveTheirWayAsJSON() throws {
        var copying = Copying(
            [EditSource(drive: PublicKey(Bytes32()), version: 3, path: "/a\u{301}/")],
            to: EditTarget("/b", isExact: true))
        copying.preserve = true
        let request = EditRequest.copy(copying)
        let back = try #require(try EditRequest(verb: request.verb, body: request.body))
        #expect(try back.body == request.body)
        // What is left out is a no.
        let brief = try EditRequest(verb: "rm", body: Data(#"{"paths":["/a"]}"#.utf8))
        #expect(try brief?.body == EditRequest.remove(Removal(["/a"])).body)
        #expect(try EditRequest(verb: "format", body: Data("{}".utf8)) == nil)
        #expect(throws: NodeError.self) {
            try EditRequest(verb: "rm", body: Data("[]".utf8))
        }
    }
}
