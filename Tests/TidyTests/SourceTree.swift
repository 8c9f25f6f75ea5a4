import Foundation

/// The files of this repository that people write, read once.
struct SourceTree: Sendable {
    /// All text files below the folders that hold code and documents, sorted by path.
    let files: [SourceFile]

    static let shared = SourceTree()

    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private init() {
        var files: [SourceFile] = []
        for folder in ["Sources", "Tests", "Modules", "Benchmarks", "docs", "Tools"] {
            let walk = FileManager.default.enumerator(atPath: Self.root + "/" + folder)
            while let name = walk?.nextObject() as? String {
                let isBuilt = name.hasPrefix(".build") || name.contains("/.build")
                let isData = name.hasPrefix("Fixtures/") || name.hasPrefix("Corpora/")
                guard !isBuilt, !isData, let file = SourceFile(folder + "/" + name) else {
                    continue
                }
                files.append(file)
            }
        }
        if let package = SourceFile("Package.swift") { files.append(package) }
        self.files = files.sorted { $0.path < $1.path }
    }

    /// Swift that people write: not what a generator has written.
    var swift: [SourceFile] {
        files.filter { $0.path.hasSuffix(".swift") && !$0.path.hasSuffix(".pb.swift") }
    }

    /// Swift that goes into the product.
    var product: [SourceFile] { swift.filter { $0.path.hasPrefix("Sources/") } }

    /// Swift that tests it.
    var tests: [SourceFile] { swift.filter { $0.path.hasPrefix("Tests/") } }

    subscript(_ path: String) -> SourceFile? { files.first { $0.path == path } }

    /// The modules of the product as Package.swift lists them, lowest first.
    var rooms: [String] {
        let package = self["Package.swift"]?.allLines.joined(separator: "\n") ?? ""
        return package.matches(of: /Room\(\s*name: "(\w+)"/).map { String($0.output.1) }
    }
}
