import Corestore
import Glibc
import HyperCrypto
import Hyperdrive
import Synchronization

/// A folder that is a drive: imported, then followed.
public final class Share: Sendable {
    /// The folder, absolute, symlinks resolved.
    public let folder: String
    /// Its drive.
    public let drive: Drive
    /// Whether the folder's own files hold the bytes, and the store no copy of them.
    public let isInPlace: Bool
    private let importer: FolderImport
    private let state = Mutex(State())

    private struct State: Sendable {
        var watch: FolderWatch?
        var isStopped = false
    }

    /// Opens the drive that the folder had before, or makes one. The key is settled, and
    /// remembered, when this returns; nothing has been read yet. `isInPlace` nil: as before.
    public init(
        folder path: String, name: String? = nil, ignoreFile: String?, isInPlace: Bool? = nil,
        in engine: Engine
    ) throws {
        folder = try Self.resolved(path, store: engine.configuration.store)
        do {
            if let key = engine.registry.share(of: folder) {
                drive = try Drive(store: engine.store, key: key)
                guard drive.isWritable else {
                    throw NodeError(
                        .notWritable, "\(folder) was shared as \(key.hex), which is not ours now",
                        hint:
                            "restore the store's master_key, or remove the folder from shares.json")
                }
            } else {
                drive = try Drive.create(in: engine.store)
                try engine.registry.remember(folder: folder, as: drive.key)
            }
            if let name { try engine.registry.remember(name: name, of: drive.key) }
            let wasInPlace = try drive.content().lendingFolder != nil
            self.isInPlace = isInPlace ?? wasInPlace
        } catch {
            throw NodeError(error, while: "sharing \(folder)")
        }
        engine.announce(drive)
        var options = FolderImport.Options()
        if let ignoreFile { options.ignoreFile = ignoreFile }
        options.isInPlace = self.isInPlace
        importer = FolderImport(drive: drive, folder: folder, options: options)
    }

    /// Whether the folder can be shared, before a store is made for it.
    public static func check(_ path: String, store: String) throws(NodeError) {
        _ = try resolved(path, store: store)
    }

    /// Brings the drive up to the folder's state. Returns the changed paths.
    public func importAll(
        progress: @escaping @Sendable (FolderImport.Progress) -> Void,
        note: @escaping @Sendable (String) -> Void
    ) async throws -> [String] {
        do {
            return try await onThread("import") { [importer] in
                try importer.run(progress: progress, note: note)
            }
        } catch {
            throw NodeError(error, while: "importing \(folder)")
        }
    }

    /// Starts watching, before the import: what changes meanwhile is not lost.
    public func beginWatching() throws {
        do {
            let watch = try FolderWatch(folder: folder)
            let isStopped = state.withLock { state in
                state.watch = watch
                return state.isStopped
            }
            if isStopped { watch.stop() }
        } catch {
            throw NodeError(error, while: "watching \(folder)")
        }
    }

    /// Brings change after change into the drive until `stop`.
    public func follow(
        changed: @escaping @Sendable ([String]) -> Void,
        note: @escaping @Sendable (String) -> Void
    ) async throws {
        guard let watch = state.withLock({ $0.watch }) else { return }
        do {
            try await onThread("watch") { [importer] in
                while let change = watch.next() {
                    if let fault = watch.takeFault() {
                        note("changes in new folders may go unseen: \(fault)")
                    }
                    let paths =
                        switch change {
                        case .paths(let paths): try importer.update(paths, note: note)
                        case .everything: try importer.run(progress: { _ in }, note: note)
                        }
                    if !paths.isEmpty { changed(paths) }
                }
            }
        } catch {
            if state.withLock({ $0.isStopped }) { return }
            throw NodeError(error, while: "following \(folder)")
        }
    }

    /// Ends import and watching. Any thread.
    public func stop() {
        importer.cancel()
        let watch = state.withLock { state in
            state.isStopped = true
            return state.watch
        }
        watch?.stop()
    }

    /// The real path of the folder. A store inside it would import itself, master key and all.
    private static func resolved(_ path: String, store: String) throws(NodeError) -> String {
        guard let real = realPath(path) else { throw .system("cannot share \(path)") }
        var status = stat()
        guard stat(real, &status) == 0 else { throw .system("cannot share \(path)") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw NodeError(.failed, "cannot share \(path): not a folder", hint: "name a folder")
        }
        guard access(real, R_OK | X_OK) == 0 else { throw .system("cannot share \(path)") }
        if let store = realPath(store),
            store == real || store.hasPrefix(real == "/" ? real : real + "/")
        {
            throw NodeError(
                .failed,
                "cannot share \(path): the store \(store) lies inside it, secret keys and all",
                hint: "choose a store outside with --store, or share a folder without it")
        }
        return real
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
