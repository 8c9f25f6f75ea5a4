import TestSupport
import Testing

@testable import Hypercore

@Suite(.timeLimit(.minutes(1)))
struct FlatTreeTests {
    @Test func rootsAndRelativesAreThoseOfTheReference() throws {
        let golden = try Fixtures.json("hypercore/flat-tree.json")
        for entry in golden["fullRoots"].array {
            let roots = FlatTree.fullRoots(blocks: entry["length"].uint64)
            #expect(roots == entry["roots"].array.map(\.uint64))
        }
        for entry in golden["nodes"].array {
            let n = entry["n"].uint64
            #expect(FlatTree.depth(n) == entry["depth"].uint64)
            #expect(FlatTree.offset(n) == entry["offset"].uint64)
            #expect(FlatTree.parent(n) == entry["parent"].uint64)
            #expect(FlatTree.sibling(n) == entry["sibling"].uint64)
            #expect(FlatTree.leftSpan(n) == entry["leftSpan"].uint64)
            #expect(FlatTree.rightSpan(n) == entry["rightSpan"].uint64)
            #expect(FlatTree.leftChild(n).map(Int.init) ?? -1 == entry["leftChild"].int)
            #expect(FlatTree.rightChild(n).map(Int.init) ?? -1 == entry["rightChild"].int)
        }
    }

    @Test func nothingOverflowsAtTheLargestIndex() {
        var node = Limits.integerMax - 1
        for _ in 0..<8 {
            #expect(FlatTree.sibling(FlatTree.sibling(node)) == node)
            #expect(FlatTree.leftSpan(node) <= node && node <= FlatTree.rightSpan(node))
            node = FlatTree.parent(node)
        }
        #expect(FlatTree.fullRoots(blocks: Limits.lengthMax - 1).count == 34)
    }
}
