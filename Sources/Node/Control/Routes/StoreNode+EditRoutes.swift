import Foundation
import HyperCrypto

/// Changing drives, and their local copies.
extension StoreNode {
    static let editRoutes: [ControlRoute] = [
        edit("put", "Copy local files and folders into an own drive"),
        edit("rm", "Remove entries of an own drive"),
        edit("mkdir", "Make folders in an own drive"),
        edit("mv", "Move entries of an own drive"),
        edit("cp", "Copy into an own drive"),
        edit("link", "Nest a drive in an own drive"),
        edit("unlink", "Take a nested drive away"),
        edit("restore", "Make a path what it was at a version"),
        ControlRoute(.get, "/v1/pins", "What is pinned") { node, _ in
            .value(
                .array(try PinList.load(store: node.configuration.engine.store).map { $0.json() }))
        },
        ControlRoute(.post, "/v1/drives/{drive}/pin", "Fetch and keep a path") { try $0.pin($1) },
        ControlRoute(.post, "/v1/drives/{drive}/unpin", "Stop keeping a path") { try $0.unpin($1) },
        ControlRoute(.post, "/v1/drives/{drive}/evict", "Drop the local copy of a path") {
            try await $0.evict($1)
        },
        ControlRoute(.post, "/v1/drives/{drive}/verify", "Hash every local block again") {
            try $0.verify($1)
        },
    ]

    private static func edit(_ verb: String, _ summary: String) -> ControlRoute {
        ControlRoute(.post, "/v1/drives/{drive}/\(verb)", summary) { node, request in
            try node.edit(verb, request)
        }
    }

    /// `POST /v1/drives/{drive}/VERB`
    private func edit(_ verb: String, _ request: ControlRequest) throws -> ControlAnswer {
        let key = try engine.key(of: DriveReference(request.text("drive")))
        guard let edit = try EditRequest(verb: verb, body: Data(request.body.text)) else {
            throw NodeError(.usage, "'\(verb)' is no change", hint: "see docs/control-api.md")
        }
        let engine = engine
        return LineQueue.answer { lines in
            let editor = Editor(engine) { progress in
                lines.addProgress { progress.json }
            } note: {
                lines.add(["event": "note", "text": .string($0)])
            }
            return try await editor.run(edit, on: key).json
        }
    }

    private func pin(_ request: ControlRequest) throws -> ControlAnswer {
        let pinning = Pinning(try named(request), in: engine)
        let isBrief = try request.flag("noWait")
        let pins = pins
        return LineQueue.answer { lines in
            try await pinning.remember()
            pins.look()
            let done =
                isBrief
                ? EditProgress()
                : try await pinning.fetch { progress in lines.addProgress { progress.json } }
            return pinning.json(done)
        }
    }

    private func unpin(_ request: ControlRequest) throws -> ControlAnswer {
        let pin = try named(request)
        try Pinning.forget(pin, store: configuration.engine.store)
        pins.look()
        return .value(pin.json("unpinned"))
    }

    private func evict(_ request: ControlRequest) async throws -> ControlAnswer {
        let pin = try named(request)
        return .value(try await engine.evict(DriveReference(pin.text)).json(pin.key))
    }

    private func verify(_ request: ControlRequest) throws -> ControlAnswer {
        let key = try engine.key(of: DriveReference(request.text("drive")))
        let engine = engine
        return LineQueue.answer { lines in
            try await Verification(of: key, in: engine).run { done, total in
                lines.addProgress {
                    [
                        "event": "progress", "blocks": .number(done),
                        "blocksTotal": .number(total),
                    ]
                }
            }.json(key.hex)
        }
    }

    /// The `drive`, `version` and `path` of a request.
    private func named(_ request: ControlRequest) throws -> Pin {
        let key = try engine.key(of: DriveReference(request.text("drive")))
        // As strict as what is typed.
        let path = try DriveReference(key.hex + (request.optionalText("path") ?? "/")).path
        return Pin(key, version: try request.number("version"), path: path)
    }
}
