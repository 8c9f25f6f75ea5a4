import ArgumentParser
import Node

/// What shells offer for arguments, beyond the names of commands and options.
extension CompletionKind {
    /// Drives that this store knows.
    static var drive: CompletionKind {
        .custom { words, _, _ in store(words).map { Candidates.drives(in: $0) } ?? [] }
    }

    /// Drives, and what is in them.
    static var drivePath: CompletionKind {
        .custom { words, _, prefix in
            store(words).map { Candidates.paths(prefix, in: $0) } ?? []
        }
    }

    /// Where drives are mounted.
    static var mounted: CompletionKind { .custom { _, _, _ in Candidates.mountpoints } }

    /// The store that the half-typed command is about.
    private static func store(_ words: [String]) -> String? {
        var arguments: [String] = []
        if let index = words.firstIndex(of: "--store"), index + 1 < words.count {
            arguments = ["--store", words[index + 1]]
        }
        return try? CommonOptions.parse(arguments).storeFolder
    }
}
