import HyperCrypto
import Hypercore
import Hyperdrive

/// What commands need that read a drive: they look into the store's files themselves, and the node
/// fetches what is not there.
extension StoreNode {
    /// `POST /v1/drives/{drive}/refresh`: looks for peers, and for a newer version when one is in
    /// reach.
    func refresh(_ request: ControlRequest) async throws -> ControlAnswer {
        let drive = try await reading(request)
        let patience = try request.number("timeoutMilliseconds")
        if !drive.isWritable { await engine.refresh(drive) }
        let subject = try request.optionalText("subject") ?? "reading \(drive.key)"
        _ = try await engine.fetching(subject, within: patience.map(Duration.milliseconds)) {
            _ = try drive.content()
        }
        try await makeReadable()
        return .value(["event": "refreshed", "version": .number(drive.version)])
    }

    /// `POST /v1/drives/{drive}/fetch`: returns when the wanted is in the store's files.
    func fetch(_ request: ControlRequest) async throws -> ControlAnswer {
        let drive = try await reading(request)
        let wish = try FetchWish(request)
        let feed = try engine.store.feed(key: wish.feed)
        if feed !== drive.metadata { engine.follow(feed) }
        if let hint = wish.hint {
            feed.network?.broadcast(hint.payload, extension: hint.extension, of: feed)
        }
        if let ahead = wish.ahead {
            feed.fetch(Demand(.blocks(ahead), priority: .readAhead)) { _ in }
        }
        let subject = try request.optionalText("subject") ?? "reading \(drive.key)"
        let patience = try request.number("timeoutMilliseconds")
        try await engine.fetch(
            subject, wish.target, of: feed, within: patience.map(Duration.milliseconds))
        try await makeReadable()
        return .value(["event": "fetched"])
    }

    /// `POST /v1/drives/{drive}/get`: copies to a local folder; lines as `hyperfs get` shows them.
    func copyOut(_ request: ControlRequest) async throws -> ControlAnswer {
        let drive = try await reading(request)
        let path = try request.optionalText("path") ?? "/"
        let destination = try request.text("to")
        guard destination.hasPrefix("/") else {
            throw ControlRequest.wrong("to", "must begin with a slash")
        }
        let version = try request.number("version")
        if version == nil, !drive.isWritable { await engine.refresh(drive) }
        let engine = engine
        return .lines { stream in
            let source = try Drive(store: engine.store, key: drive.key, version: version)
            let told = Reports()
            let telling = Task { try await told.forward(to: stream) }
            let copy = CopyOut(source, in: engine) {
                told.progress($0)
            } note: {
                told.note($0)
            }
            let result: CopyOut.Progress
            do {
                result = try await copy.run(path, to: destination)
            } catch {
                told.finish()
                _ = await telling.result
                throw error
            }
            told.finish()
            try await telling.value
            try await stream.send([
                "event": "done", "files": .number(UInt64(result.files)),
                "bytes": .number(result.bytes),
            ])
        }
    }

    /// The drive of a request, known to the network and to the peers that it names.
    private func reading(_ request: ControlRequest) async throws -> Drive {
        try engine.dial(try request.texts("peers"))
        let key = try engine.key(of: DriveReference(try request.text("drive")))
        let engine = engine
        do {
            let drive = try await onThread("open") { try Drive(store: engine.store, key: key) }
            if lookedFor.insert(key) { engine.look(for: drive) }
            engine.follow(drive.metadata)
            return drive
        } catch {
            throw NodeError(error, while: "reading \(key)")
        }
    }

    /// What has come is in the files for others to see.
    private func makeReadable() async throws {
        let store = engine.store
        do {
            try await onThread("flush") { try store.flush() }
        } catch {
            throw NodeError(error, while: "writing what was fetched")
        }
    }
}

/// What a reader misses: the body of `POST /v1/drives/{drive}/fetch`.
private struct FetchWish {
    let feed: PublicKey
    let target: Demand.Target
    let hint: (extension: String, payload: [UInt8])?
    let ahead: Range<UInt64>?

    init(_ request: ControlRequest) throws(NodeError) {
        guard let feed = PublicKey(hex: try request.text("feed")) else {
            throw ControlRequest.wrong("feed", "must be a key")
        }
        self.feed = feed
        guard let target = DemandCode.target(of: request.body) else {
            throw ControlRequest.wrong("blocks", "or 'list', 'byte' or 'length' is missing")
        }
        self.target = target
        if let name = try request.optionalText("extension"),
            let payload = [UInt8](hex: try request.text("payload"))
        {
            hint = (name, payload)
        } else {
            hint = nil
        }
        ahead = request.body["ahead"].flatMap(DemandCode.range)
    }
}

/// Progress and notes of a copy, from its thread to the one that writes lines.
private final class Reports: Sendable {
    private let stream: AsyncStream<JSONValue>
    private let continuation: AsyncStream<JSONValue>.Continuation
    private let pace = Pace(Limits.progressTick)

    init() {
        (stream, continuation) = AsyncStream.makeStream(
            of: JSONValue.self, bufferingPolicy: .bufferingNewest(Limits.eventsBehindMax))
    }

    func progress(_ progress: CopyOut.Progress) {
        guard pace.isDue() else { return }
        continuation.yield([
            "event": "progress", "files": .number(UInt64(progress.files)),
            "filesTotal": .number(UInt64(progress.filesTotal)), "bytes": .number(progress.bytes),
            "bytesTotal": .number(progress.bytesTotal),
        ])
    }

    func note(_ text: String) { continuation.yield(["event": "note", "text": .string(text)]) }

    func finish() { continuation.finish() }

    func forward(to client: any ControlStream) async throws {
        for await line in stream { try await client.send(line) }
    }
}
