import Foundation
import TestSupport
import Testing

/// Every seed and everything that a fuzzer ever tripped over (`Tests/Corpora/TARGET/`), whole and
/// cut short, goes through every target: the same each time. `make fuzz` searches for more.
@Suite(.timeLimit(.minutes(1)))
struct CorpusTests {
    private static func corpus(of target: FuzzTarget) throws -> [[UInt8]] {
        let folder = URL(fileURLWithPath: Fixtures.folder).deletingLastPathComponent()
            .appendingPathComponent("Corpora/" + target.name)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return try names.sorted().map { name in
            [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
        }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func hostileInputIsSurvived(_ name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let inputs = try Self.corpus(of: target) + target.seeds() + [[]]
        try #require(inputs.count > 1, "a target starts from at least one good input")
        for input in inputs {
            target.run(input)
            target.run(Array(input.prefix(input.count / 2)))
        }
    }

    @Test func everyCorpusBelongsToATarget() throws {
        let folder = URL(fileURLWithPath: Fixtures.folder).deletingLastPathComponent()
            .appendingPathComponent("Corpora").path
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name != "README.md" {
            #expect(FuzzTarget.named(name) != nil, "Tests/Corpora/\(name) has no target")
        }
    }
}
