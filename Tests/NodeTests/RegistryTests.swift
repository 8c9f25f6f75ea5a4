import Foundation
import HyperCrypto
import TestSupport
import Testing

@testable import Node

@Suite(.timeLimit(.minutes(1)))
struct RegistryTests {
    private let one = PublicKey(Bytes32())
    private let two = PublicKey(Blake2b.hash32([1]))

    @Test func remembersNamesAndFolders() throws {
        let folder = try TemporaryFolder()
        let registry = try Registry(store: folder.path)
        #expect(registry.drives.isEmpty)
        try registry.remember(name: "photos", of: one)
        try registry.remember(folder: "/home/me/photos", as: one)
        let again = try Registry(store: folder.path)
        #expect(again.drive(named: "photos") == one)
        #expect(again.name(of: one) == "photos")
        #expect(again.share(of: "/home/me/photos") == one)
        #expect(again.folder(of: one) == "/home/me/photos")
        #expect(again.drive(named: "other") == nil)
    }

    @Test func aNameBelongsToOneDriveAndADriveHasOneName() throws {
        let folder = try TemporaryFolder()
        let registry = try Registry(store: folder.path)
        try registry.remember(name: "photos", of: one)
        try registry.remember(name: "photos", of: one)
        #expect(throws: NodeError.self) { try registry.remember(name: "photos", of: two) }
        try registry.remember(name: "pictures", of: one)
        #expect(registry.drive(named: "photos") == nil)
        #expect(registry.drives.count == 1)
    }

    @Test func aDamagedFileIsSaidSoAndNotOverwritten() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder("hyperfs"), withIntermediateDirectories: true)
        try "[{".write(toFile: folder("hyperfs/drives.json"), atomically: false, encoding: .utf8)
        #expect {
            try Registry(store: folder.path)
        } throws: {
            ($0 as? NodeError)?.code == .corrupt
        }
        #expect(try String(contentsOfFile: folder("hyperfs/drives.json"), encoding: .utf8) == "[{")
    }
}
