import Testing

@Suite(.timeLimit(.minutes(10)))
struct ExampleTests {
    private let tree = SourceTree.shared

    /// The example in a room's header is what `Tests/ExampleTests` compiles and runs.
    @Test func everyExampleInAHeaderIsTheOneThatRuns() throws {
        for room in tree.rooms {
            let header = try #require(tree["Sources/\(room)/\(room).swift"])
            let path = "Tests/ExampleTests/\(room)Example.swift"
            let shown = Self.shown(in: header)
            guard let example = tree[path] else {
                #expect(shown.isEmpty, "\(header.path) has an example that nobody runs in \(path)")
                #expect(!Self.required.contains(room), "\(path) is missing")
                continue
            }
            let run = Self.run(in: example)
            #expect(!run.isEmpty, "\(path) has no lines between its markers")
            #expect(
                shown == run, "\(header.path) must show the lines between the markers of \(path)")
        }
    }

    /// Rooms that anybody may use without a mount.
    private static let required: Set = [
        "HyperCrypto", "WireMessages", "Hypercore", "Replication", "Corestore", "Hypertrie",
        "Hyperdrive", "Hyperswarm",
    ]

    private static func shown(in header: SourceFile) -> [String] {
        let prose = header.allLines.filter { $0.hasPrefix("///") }
            .map { String($0.dropFirst($0.hasPrefix("/// ") ? 4 : 3)) }
        guard let first = prose.firstIndex(of: "```swift") else { return [] }
        return Array(prose[(first + 1)...].prefix { $0 != "```" })
    }

    private static func run(in file: SourceFile) -> [String] {
        let lines = file.allLines
        guard
            let first = lines.firstIndex(where: { $0.hasSuffix("// -- the example") }),
            let last = lines.firstIndex(where: { $0.hasSuffix("// -- its end") }), first < last
        else { return [] }
        let indent = lines[first].prefix { $0 == " " }.count
        return lines[(first + 1)..<last].map { String($0.dropFirst(indent)) }
    }
}
