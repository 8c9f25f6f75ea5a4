import Foundation
import Glibc
import Hyperdrive
import TestSupport
import Testing

@testable import Node

/// Random changes of a drive and of a local folder side by side, there by cp, mv, rm and mkdir:
/// the same succeed, and what they leave is the same.
@Suite(.timeLimit(.minutes(3)))
struct LocalModelTests {
    @Test func theCommandsDoWhatTheirNamesakesDo() async throws {
        try await OfflineStore.with { store in
            var model = try LocalModel(store, SeededRandom.announced())
            for step in 0..<220 {
                let (request, command) = try model.next()
                let code = await store.code(request)
                let status = try model.run(command)
                #expect(
                    (code == nil) == (status == 0),
                    "step \(step): \(command): \(String(describing: code)), \(status)")
                let (ours, theirs) = (try model.ours(), try model.theirs())
                #expect(ours == theirs, "step \(step): \(command)")
                guard ours == theirs else { return }
            }
        }
    }
}

/// The folder, and what is done next.
private struct LocalModel {
    private let store: OfflineStore
    private let root: String
    private var random: SeededRandom
    private var counter = 0

    init(_ store: OfflineStore, _ random: SeededRandom) throws {
        self.store = store
        self.random = random
        root = store.folder("model")
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
    }

    private mutating func pick<T>(_ all: [T]) -> T {
        all[Int.random(in: 0..<all.count, using: &random)]
    }

    private mutating func flag() -> Bool { Bool.random(using: &random) }

    /// Few names, so that they meet.
    private mutating func path() -> String {
        let depth = pick([1, 1, 2, 2, 3])
        return (0..<depth).map { _ in "/" + pick(["a", "b", "c"]) }.joined()
    }

    mutating func next() throws -> (EditRequest, [String]) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2: return try put()
        case 3:
            let (path, parents) = (path(), flag())
            return (
                .makeFolders(FolderMaking([path], parents: parents)),
                ["mkdir"] + (parents ? ["-p"] : []) + [root + path]
            )
        case 4:
            let (path, recursive, force) = (path(), flag(), flag())
            return (
                .remove(Removal([path], recursive: recursive, force: force)),
                ["rm"] + (recursive ? ["-r"] : []) + (force ? ["-f"] : []) + [root + path]
            )
        case 5...6: return move()
        default: return copy()
        }
    }

    private mutating func put() throws -> (EditRequest, [String]) {
        counter += 1
        let local = try store.file(
            "file-\(counter)", String(repeating: "\(counter) ", count: counter))
        chmod(local, pick([0o644, 0o600, 0o755]))
        let path = path()
        if counter % 7 == 0 {
            let link = local + "-link"
            // The commands follow what they are given; links are tested with folders.
            symlink(local, link)
        }
        return (
            .put(Putting([local], to: EditTarget(path))),
            ["cp", "-p", "--remove-destination", local, root + path]
        )
    }

    private mutating func move() -> (EditRequest, [String]) {
        let (from, to, slash, exact, keep) = (path(), path(), flag(), flag(), flag())
        // `mv -n f g/` says nothing of g being a file; here that is an error.
        let end = slash && !keep ? "/" : ""
        var moving = Moving(
            [EditSource(path: from)], to: EditTarget(to + end, isExact: exact))
        moving.noClobber = keep
        return (
            .move(moving),
            ["mv"] + (exact ? ["-T"] : []) + (keep ? ["-n"] : []) + [root + from, root + to + end]
        )
    }

    private mutating func copy() -> (EditRequest, [String]) {
        let (from, to, slash, exact) = (path(), path(), flag(), flag())
        let (recursive, preserve) = (flag() || flag(), flag())
        let end = slash ? "/" : ""
        var copying = Copying(
            [EditSource(path: from)], to: EditTarget(to + end, isExact: exact))
        copying.recursive = recursive
        copying.preserve = preserve
        return (
            .copy(copying),
            ["cp", "-P", "--remove-destination"] + (exact ? ["-T"] : [])
                + (recursive ? ["-r"] : []) + (preserve ? ["-p"] : [])
                + [root + from, root + to + end]
        )
    }

    /// All or nothing here, too: what a failed command did is undone.
    func run(_ command: [String]) throws -> Int32 {
        let backup = root + "-backup"
        _ = try spawn(["cp", "-a", root, backup])
        let status = try spawn(command)
        try FileManager.default.removeItem(atPath: status == 0 ? backup : root)
        if status != 0 { try FileManager.default.moveItem(atPath: backup, toPath: root) }
        return status
    }

    private func spawn(_ words: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// A line for each entry.
    func ours() throws -> [String] {
        try store.drive.everything("/").map { entry in
            let mode = String(entry.stat.mode & 0o777, radix: 8)
            switch entry.stat.kind {
            case .directory: return "\(entry.path)/ \(mode)"
            default: return "\(entry.path) \(mode) \(try store.text(entry.path))"
            }
        }.sorted()
    }

    func theirs() throws -> [String] {
        let files = FileManager.default
        guard let all = files.enumerator(atPath: root) else { return [] }
        return try all.compactMap { $0 as? String }.map { name in
            var status = stat()
            lstat("\(root)/\(name)", &status)
            let mode = String(status.st_mode & 0o777, radix: 8)
            if status.st_mode & S_IFMT == S_IFDIR { return "/\(name)/ \(mode)" }
            let text = try String(contentsOfFile: "\(root)/\(name)", encoding: .utf8)
            return "/\(name) \(mode) \(text)"
        }.sorted()
    }
}
