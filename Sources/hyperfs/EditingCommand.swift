import HyperCrypto
import Node

/// A command that changes own drives.
protocol EditingCommand: Sendable {
    var common: CommonOptions { get }
}

extension EditingCommand {
    /// Changes a drive. A signal stops it in good order and gives 130 or 143.
    func edit(
        _ request: EditRequest, on reference: DriveReference,
        _ configuration: Engine.Configuration
    ) async throws {
        guard reference.version == nil else {
            throw NodeError(
                .notWritable, "\(reference): an old version cannot be changed",
                hint: "change the live drive, or bring the version back with 'hyperfs restore'")
        }
        let console = common.console()
        let key = try reference.key(store: configuration.store)
        let task = Task { try await change(request, key, configuration, console) }
        let interruption = Interruption { task.cancel() }
        let result = await task.result
        if interruption.signalNumber != nil { throw interruption }
        let summary = try result.get()
        if console.isJSON { console.json(summary.json) }
        if summary.leftOut > 0 {
            throw NodeError(
                .failed, "\(summary.leftOut) entries were left out",
                hint: "the lines above say which and why")
        }
    }

    /// The same without a network.
    func edit(_ request: EditRequest, on reference: DriveReference) async throws {
        try await edit(request, on: reference, offline)
    }

    /// The store alone.
    var offline: Engine.Configuration {
        get throws {
            var configuration = Engine.Configuration(store: try common.storeFolder)
            configuration.network = nil
            configuration.logger = common.logger
            return configuration
        }
    }

    private func change(
        _ request: EditRequest, _ key: PublicKey, _ configuration: Engine.Configuration,
        _ console: Console
    ) async throws -> EditSummary {
        let engine = try await Engine.start(configuration)
        let meter = ProgressMeter(console, verb: "copied")
        defer { meter.finish() }
        do {
            let editor = Editor(engine) { progress in
                meter.show(
                    files: progress.files, of: progress.filesTotal, bytes: progress.bytes,
                    of: progress.bytesTotal)
            } note: {
                console.note("hyperfs: \(Printable.text($0))")
            }
            let summary = try await editor.run(request, on: key)
            await engine.close()
            return summary
        } catch {
            await engine.close()
            throw error
        }
    }
}

extension DriveReference {
    /// The path, with the slash at its end if one was typed.
    var typedPath: String {
        path != "/" && description.utf8.last == UInt8(ascii: "/") ? path + "/" : path
    }

    /// What is copied or moved; its drive by key.
    func source(store: String) throws -> EditSource {
        EditSource(drive: try key(store: store), version: version, path: typedPath)
    }

    /// Drive by drive, in the order in which they were named.
    static func grouped(_ texts: [String]) throws -> [(drive: DriveReference, paths: [String])] {
        var groups: [(drive: DriveReference, paths: [String])] = []
        for text in texts {
            let reference = try DriveReference(text)
            let isSame = { (other: DriveReference) in
                other.drive == reference.drive && other.version == reference.version
            }
            if let index = groups.firstIndex(where: { isSame($0.drive) }) {
                groups[index].paths.append(reference.typedPath)
            } else {
                groups.append((reference, [reference.typedPath]))
            }
        }
        return groups
    }
}
