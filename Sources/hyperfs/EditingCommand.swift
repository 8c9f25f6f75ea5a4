import Node

/// A command that changes own drives.
protocol EditingCommand: Sendable {
    var common: CommonOptions { get }
}

extension EditingCommand {
    /// Changes a drive, by the node where one runs, which is told of the peers first; else here,
    /// without a network unless the configuration has one.
    func edit(
        _ request: EditRequest, on reference: DriveReference,
        _ configuration: Engine.Configuration? = nil, peers: [String] = []
    ) async throws {
        guard reference.version == nil else {
            throw NodeError(
                .notWritable, "\(reference): an old version cannot be changed",
                hint: "change the live drive, or bring the version back with 'hyperfs restore'")
        }
        let console = common.console()
        let lines = WorkLines(console, verb: "copied")
        let key = try reference.key(store: common.storeFolder)
        let done = try await StoreWork.interruptible { [common] in
            try await StoreWork.run(common, configuration) { client in
                let drive = "/v1/drives/\(key.hex)/"
                if !peers.isEmpty {
                    let body: JSONValue = ["peers": .array(peers.map { .string($0) })]
                    _ = try await client.request(.post, drive + "refresh", body)
                }
                let path = drive + request.verb
                return try await lines.result(of: client, path, try request.json)
            } alone: { engine in
                let editor = Editor(engine) {
                    lines.show($0)
                } note: {
                    lines.show(note: $0)
                }
                return try await editor.run(request, on: key).json
            }
        }
        lines.finish()
        if console.isJSON { console.json(done.without("leftOut")) }
        let leftOut = done["leftOut"]?.number ?? 0
        if leftOut > 0 {
            throw NodeError(
                .failed, "\(leftOut) entries were left out",
                hint: "the lines above say which and why")
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
