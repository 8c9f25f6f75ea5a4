import HyperCrypto
import Hypercore
import Hyperdrive
import Hypertrie

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
        let done: JSONValue = ["event": "refreshed", "version": .number(drive.version)]
        let isKept = try await makeReadable()
        guard try !isKept || request.flag("lend"), drive.metadata.length > 0 else {
            return .value(done)
        }
        let metadata = drive.metadata
        return .lines { stream in
            // The length, and where the content is.
            try await self.lend(.length(atLeast: 1), of: metadata, subject, to: stream)
            try await self.lend(.blocks(0..<1), of: metadata, subject, to: stream)
            try await stream.send(done)
        }
    }

    /// `POST /v1/drives/{drive}/fetch`: returns when the wanted is in the store's files. With a
    /// full disk it comes in the answer.
    func fetch(_ request: ControlRequest) async throws -> ControlAnswer {
        let drive = try await reading(request)
        let wish = try FetchWish(request)
        let feed = try engine.store.feed(key: wish.feed)
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
        // Of a nested drive's metadata all is wanted, of what files hold only what is read.
        if feed !== drive.metadata, try feed.isMetadata { engine.follow(feed) }
        let isKept = try await makeReadable()
        guard try !isKept || !feed.keeps(wish.target) || request.flag("lend") else {
            return .value(["event": "fetched"])
        }
        return .lines { stream in
            try await self.lend(wish.target, of: feed, subject, to: stream)
            try await stream.send(["event": "fetched"])
        }
    }

    /// Sends what a target is about in the answer itself.
    private func lend(
        _ target: Demand.Target, of feed: Feed, _ subject: String, to stream: any ControlStream
    ) async throws {
        let (blocks, haveValues) = try target.blocks(of: feed)
        var bytes = 0
        for block in blocks where bytes <= Limits.lentBytesMax {
            var lent = try CarriedBlock(block, of: feed, hasValue: haveValues)
            if lent == nil {
                // It has passed by meanwhile.
                try await engine.fetch(subject, .blocks(block..<block + 1), of: feed)
                lent = try CarriedBlock(block, of: feed, hasValue: haveValues)
            }
            guard let lent else {
                throw NodeError(
                    .failed, "\(subject): block \(block) came and went",
                    hint: "make room on the disk of the store")
            }
            bytes += lent.value?.count ?? 0
            try await stream.send(lent.json)
        }
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

    /// What has come is in the files for others to see. False: the disk is full.
    private func makeReadable() async throws -> Bool {
        let store = engine.store
        do {
            try await onThread("flush") { try store.flush() }
            return true
        } catch let error as FeedError where error.isDiskFull {
            return false
        } catch {
            throw NodeError(error, while: "writing what was fetched")
        }
    }
}

extension Feed {
    /// Whether it is the trie of a drive. False while its first block is not here.
    fileprivate var isMetadata: Bool {
        get throws {
            try block(0).map { (try? TrieHeader(decoding: $0)) != nil } ?? false
        }
    }

    /// Whether a target is met by what is in the files, and not only in memory.
    fileprivate func keeps(_ target: Demand.Target) -> Bool {
        switch target {
        case .blocks(let range): range.allSatisfy(keeps)
        case .list(let blocks): blocks.allSatisfy(keeps)
        case .byte, .length: true
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
