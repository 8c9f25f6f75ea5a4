import HyperCrypto
import TestSupport
import Testing

@testable import Hypercore

@Suite(.timeLimit(.minutes(1)))
struct TreeFileTests {
    @Test func aSmallCacheForgetsNothing() throws {
        var random = SeededRandom.announced()
        let file = MemoryFile()
        var tree = TreeFile(file: file, chunksMax: 3)
        var model: [UInt64: TreeNode] = [:]
        for round in 0..<2000 {
            let index = UInt64.random(in: 0..<1500, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                let node = TreeNode(index: index, hash: random.bytes32(), size: UInt64(round))
                try tree.write(node)
                model[index] = node
            case 2:
                try tree.erase(index)
                model[index] = nil
            default: #expect(try tree.node(index) == model[index])
            }
            if round % 100 == 0 {
                try tree.flush()
                var fresh = TreeFile(file: file, chunksMax: 2)
                for index: UInt64 in 0..<1500 where index % 7 == 0 {
                    #expect(try fresh.node(index) == model[index])
                }
            }
        }
    }

    @Test func halfANodeAtTheEndOfTheFileIsNone() throws {
        let file = MemoryFile([UInt8](repeating: 7, count: 32 + 40 + 20))
        var tree = TreeFile(file: file)
        #expect(try tree.node(0) != nil)
        #expect(try tree.node(1) == nil)
    }
}
