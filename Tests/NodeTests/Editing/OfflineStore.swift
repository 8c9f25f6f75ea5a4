import Foundation
import HyperCrypto
import Hyperdrive
import TestSupport

@testable import Node

/// A store without network, and one drive of it that is changed.
final class OfflineStore {
    let folder: TemporaryFolder
    let engine: Engine
    let drive: Drive

    init() async throws {
        folder = try TemporaryFolder()
        var configuration = Engine.Configuration(store: folder("store"))
        configuration.network = nil
        engine = try await Engine.start(configuration)
        drive = try engine.createDrive(name: "mine")
    }

    /// Runs with a store that is closed at the end.
    static func with<T>(_ body: (OfflineStore) async throws -> T) async throws -> T {
        let store = try await OfflineStore()
        do {
            let result = try await body(store)
            await store.engine.close()
            return result
        } catch {
            await store.engine.close()
            throw error
        }
    }

    /// Changes the drive.
    @discardableResult
    func edit(_ request: EditRequest) async throws -> EditSummary {
        try await Editor(engine, progress: { _ in }, note: { _ in }).run(request, on: drive.key)
    }

    /// The code of what a change throws; nil when it works.
    func code(_ request: EditRequest) async -> NodeError.Code? {
        do {
            try await edit(request)
            return nil
        } catch {
            return (error as? NodeError)?.code ?? .failed
        }
    }

    /// A local file.
    func file(_ name: String, _ text: String) throws -> String {
        let path = folder(name)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    /// Puts a file of this text at a path.
    func put(_ path: String, _ text: String) async throws {
        let local = try file("local-\(UUID().uuidString)", text)
        try await edit(.put(Putting([local], to: EditTarget(path, isExact: true))))
    }

    func text(_ path: String) throws -> String {
        String(decoding: try drive.read(path), as: UTF8.self)
    }

    /// All paths of the drive.
    func paths(_ top: String = "/") throws -> [String] { try drive.everything(top).map(\.path) }
}
