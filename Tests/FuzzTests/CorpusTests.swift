import Foundation
import TestSupport
import Testing

/// Every seed, everything that a fuzzer ever tripped over (`Tests/Corpora/TARGET/`), and a few
/// damaged copies of both go through every target. `make fuzz` searches for more.
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
        var random = SeededRandom.announced()
        let inputs = try Self.corpus(of: target) + target.seeds() + [[]]
        try #require(inputs.count > 1, "a target starts from at least one good input")
        for input in inputs {
            target.run(input)
            for _ in 0..<8 { target.run(Self.damaged(input, &random)) }
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

    private static func damaged(_ input: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var copy = input
        for _ in 0...Int.random(in: 0...3, using: &random) where !copy.isEmpty {
            let place = Int.random(in: copy.indices, using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0: copy[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 1: copy[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
            case 2: copy.removeSubrange(place...)
            default: copy.insert(UInt8.random(in: 0...255, using: &random), at: place)
            }
        }
        return copy
    }
}
