import TestSupport
import Testing

@testable import FileTree

/// Sets of byte ranges, against a set of bytes.
@Suite(.timeLimit(.minutes(1)))
struct ExtentsTests {
    @Test func rangesAreWhatASetOfBytesIs() {
        var random = SeededRandom.announced()
        for _ in 0..<200 {
            var extents = Extents()
            var model = Set<UInt64>()
            for _ in 0..<40 {
                let from = UInt64.random(in: 0...90, using: &random)
                if Int.random(in: 0...9, using: &random) == 0 {
                    extents.remove(from: from)
                    model = model.filter { $0 < from }
                } else {
                    let range = from..<from + UInt64.random(in: 0...12, using: &random)
                    extents.insert(range)
                    model.formUnion(range)
                }
                check(extents, model)
                let asked = from / 2..<from / 2 + 30
                var position = asked.lowerBound
                for piece in extents.pieces(of: asked) {
                    #expect(piece.range.lowerBound == position && !piece.range.isEmpty)
                    #expect(piece.range.allSatisfy { model.contains($0) == piece.isInside })
                    position = piece.range.upperBound
                }
                #expect(position == asked.upperBound)
            }
        }
    }

    private func check(_ extents: Extents, _ model: Set<UInt64>) {
        #expect(Set(extents.ranges.flatMap { Array($0) }) == model)
        #expect(extents.byteCount == UInt64(model.count))
        for (a, b) in zip(extents.ranges, extents.ranges.dropFirst()) {
            #expect(a.upperBound < b.lowerBound)
        }
    }
}
