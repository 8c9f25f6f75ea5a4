import Foundation
import Synchronization

/// What a node takes up again at its next start: shares that were left to it, and seeds.
/// `<store>/hyperfs/resume.json`, replaced as a whole.
final class Resumption: Sendable {
    private struct Content: Codable, Sendable {
        var shares: [ShareOrder] = []
        var seeds: [String] = []
    }

    private let path: String
    private let content: Mutex<Content>

    /// Reads what is there. Throws `.corrupt` when it is no file of ours.
    init(store: String) throws {
        path = store + "/hyperfs/resume.json"
        content = Mutex(try Self.read(path))
    }

    private static func read(_ path: String) throws -> Content {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            guard access(path, F_OK) == 0 else { return Content() }
            throw NodeError.system("cannot read \(path)")
        }
        let data = try handle.read(upToCount: Limits.registryBytesMax) ?? Data()
        guard let content = try? JSONDecoder().decode(Content.self, from: data) else {
            throw NodeError(
                .corrupt, "\(path) is damaged",
                hint: "move it away: drives stay, shares and seeds must be started anew")
        }
        return content
    }

    /// Shares to take up.
    var shares: [ShareOrder] { content.withLock { $0.shares } }
    /// Keys of the drives to seed, in hexadecimal digits.
    var seeds: [String] { content.withLock { $0.seeds } }

    func remember(_ share: ShareOrder) throws {
        try change { content in
            content.shares.removeAll { $0.folder == share.folder }
            content.shares.append(share)
        }
    }

    /// False: it was not there.
    func forget(share folder: String) throws -> Bool {
        try change { $0.shares.removeAll { $0.folder == folder } }
    }

    func remember(seed key: String) throws {
        try change { content in
            if !content.seeds.contains(key) { content.seeds.append(key) }
        }
    }

    /// False: it was not there.
    func forget(seed key: String) throws -> Bool {
        try change { $0.seeds.removeAll { $0 == key } }
    }

    /// Whether there is less now than before.
    @discardableResult
    private func change(_ body: (inout Content) -> Void) throws -> Bool {
        try content.withLock { content in
            var changed = content
            body(&changed)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try DurableFile.replace(path, with: [UInt8](encoder.encode(changed)))
            defer { content = changed }
            return changed.shares.count < content.shares.count
                || changed.seeds.count < content.seeds.count
        }
    }
}

extension StoreNode {
    /// What a node takes up again.
    public enum Resumed: String, Sendable {
        case shares = "shared"
        case seeds = "seeded"
    }

    /// Whether a node of this store would have something of the kind to do. Takes no lock.
    public static func resumes(_ kind: Resumed, in store: String) -> Bool {
        guard let resumption = try? Resumption(store: store) else { return true }
        switch kind {
        case .shares: return !resumption.shares.isEmpty
        case .seeds: return !resumption.seeds.isEmpty
        }
    }
}
