import Foundation
import Node

/// `hyperfs node --replace`: this program takes the place of the node that runs.
struct NodeReplacement {
    private let access: NodeAccess
    private let store: String

    init(_ access: NodeAccess) throws {
        self.access = access
        store = try access.common.storeFolder
    }

    func run() async throws {
        guard let found = try await access.launcher().find() else {
            throw NodeError(
                .notMounted, "no node runs on the store \(store)",
                hint: "it starts with the first mount, share or seed")
        }
        let program = try Self.program()
        let old = found.identity["instance"]?.string
        // Others who look for the node wait meanwhile, and start none.
        let turn = try await access.launcher().takeTurn()
        do {
            try await found.client.askToEnd(
                "/v1/node/replace", ["program": .string(program)])
        } catch let error as NodeError where error.code == .notFound {
            throw NodeError(
                .failed, "the node, version \(Self.version(found.identity)), cannot be replaced",
                hint: "'hyperfs node --stop' ends it; then mount and share again")
        }
        let identity = try await successor(of: old, found.client)
        withExtendedLifetime(turn) {}
        tell(identity, from: Self.version(found.identity))
    }

    /// Has a node take a write key, and waits for its return where it has to start anew for that.
    func importing(by client: ControlClient, _ body: JSONValue) async throws -> JSONValue {
        let old = try await client.request(.get, "/v1/node")["instance"]?.string
        let turn = try await access.launcher().takeTurn()
        var last = JSONValue.null
        try await client.stream(.post, "/v1/keys", body) { line in
            if line["event"]?.string == "note" {
                access.console.progress(Printable.text(line["text"]?.string ?? ""))
            } else {
                last = line
            }
        }
        if last["restarts"]?.bool == true { _ = try await successor(of: old, client) }
        withExtendedLifetime(turn) {}
        return last.without("restarts")
    }

    /// Where this program is, for another process.
    private static func program() throws -> String {
        let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        guard let path, FileManager.default.isExecutableFile(atPath: path) else {
            throw NodeError(
                .failed, "the file of this program is gone", hint: "run the one that is installed")
        }
        return path
    }

    private static func version(_ identity: JSONValue) -> String {
        Printable.text(identity["version"]?.string ?? "unknown")
    }

    /// Who answers as the next one, once its mounts are back.
    private func successor(of old: String?, _ client: ControlClient) async throws -> JSONValue {
        let attempts = StoreAttempts(.longer)
        while true {
            let failure: NodeError
            do {
                let identity = try await client.request(.get, "/v1/node")
                let isBack = identity["replaced"]?["milliseconds"]?.number != nil
                if identity["instance"]?.string != old, isBack { return identity }
                failure = NodeError(
                    .failed, "the node is not ready again", hint: "'hyperfs status' shows it")
            } catch let error as NodeError where error.code == .ending {
                failure = error
            } catch is ControlClient.Nobody {
                failure = NodeError(
                    .failed, "the node has ended, and this program did not take its place",
                    hint: "its log tells why; the next mount or share starts one with all mounts")
            }
            try await attempts.again(after: failure)
        }
    }

    private func tell(_ identity: JSONValue, from version: String) {
        let replaced = identity["replaced"] ?? .null
        let console = access.console
        if console.isJSON {
            return console.json(
                JSONValue.object([.init(name: "event", value: "replaced")]).joined(with: replaced))
        }
        for failure in replaced["failures"]?.array ?? [] {
            console.note("hyperfs: not mounted again: \(Printable.text(failure.string ?? ""))")
        }
        let mounts = replaced["mounts"]?.number ?? 0
        console.note(
            "version \(Self.version(identity)) runs in the place of \(version); "
                + (mounts == 1 ? "1 mount was" : "\(mounts) mounts were")
                + " away for \(replaced["milliseconds"]?.number ?? 0) ms")
    }
}
