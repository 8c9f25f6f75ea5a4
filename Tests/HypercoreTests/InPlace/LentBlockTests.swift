import Foundation
import HyperCrypto
import Synchronization
import TestSupport
import Testing

@testable import Hypercore

/// Blocks whose bytes lie in files of a folder: hashed anew at each reading.
@Suite(.timeLimit(.minutes(1)))
struct LentBlockTests {
    private let folder: TemporaryFolder
    private let bytes: [UInt8]

    init() throws {
        folder = try TemporaryFolder()
        var random = SeededRandom(seed: 5)
        bytes = random.bytes(25_000)
        try FileManager.default.createDirectory(
            atPath: folder("shared"), withIntermediateDirectories: true)
        try write(bytes)
    }

    private func write(_ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: folder("shared/file")))
    }

    private func open() throws -> Feed {
        try Feed(
            storage: FolderStorage(folder: folder("feed")),
            loans: Loans(file: folder("feed/loans")))
    }

    private func block(_ index: Int) -> ArraySlice<UInt8> {
        bytes[index * 10_000..<min(bytes.count, (index + 1) * 10_000)]
    }

    /// Two blocks of its own, three lent ones, one of its own.
    private func filled() throws -> Feed {
        let feed = try open()
        try feed.setLendingFolder(folder("shared"))
        let batch = try feed.beginBatch()
        try batch.append([1, 1])
        try batch.append([2, 2, 2])
        for index in 0..<3 {
            let block = Array(block(index))
            try batch.append(
                lent: block.count, leafHash: TreeHash.leaf(block), path: "file",
                offset: UInt64(index) * 10_000)
        }
        try batch.append([3])
        try batch.commit()
        return feed
    }

    private func diskBytes() -> Int {
        var status = stat()
        guard stat(folder("feed/data"), &status) == 0 else { return 0 }
        return Int(status.st_blocks) * 512
    }

    private func check(_ feed: Feed) throws {
        #expect(try feed.block(1) == [2, 2, 2])
        for index in 0..<3 { #expect(try feed.block(UInt64(2 + index)) == Array(block(index))) }
        #expect(try feed.block(5) == [3])
        let all = [1, 1, 2, 2, 2] + bytes + [3]
        for range in [0..<all.count, 4..<6, 3_000..<16_000, 10_005..<10_006, 20_005..<25_006] {
            var buffer = [UInt8](repeating: 0, count: range.count)
            let isRead = try buffer.withUnsafeMutableBytes {
                try feed.read(blocks: 0..<6, at: UInt64(range.lowerBound), into: $0)
            }
            #expect(isRead && buffer == Array(all[range]))
        }
    }

    @Test func theyAreReadFromTheFileAndTakeNoRoom() throws {
        let feed = try filled()
        try check(feed)
        try feed.close()
        #expect(diskBytes() <= 16_384)
        let again = try open()
        #expect(again.length == 6 && again.localBlocks(in: 0..<6) == 6)
        #expect(again.lender(of: 5..<25_005) == "file")
        #expect(again.lender(of: 4..<25_005) == nil)
        try check(again)
        #expect(try again.verifyStored(0..<6).isEmpty)
    }

    @Test func aChangedFileServesNothingThatDoesNotVerify() throws {
        let feed = try filled()
        let cleared = Mutex<[Range<UInt64>]>([])
        let observation = feed.observe { event in
            if case .cleared(let range) = event { cleared.withLock { $0.append(range) } }
        }
        defer { feed.stopObserving(observation) }
        var changed = bytes
        changed[12_345] ^= 1
        try write(changed)
        #expect(try feed.block(2) == Array(block(0)))
        #expect(try feed.block(3) == nil)
        #expect(cleared.withLock { $0 } == [3..<4])
        #expect(!feed.has(3) && feed.has(4))
        var buffer = [UInt8](repeating: 0, count: 20_000)
        #expect(
            try !buffer.withUnsafeMutableBytes { try feed.read(blocks: 2..<5, at: 5, into: $0) })
        // It comes back from who has it, and stays although the file is another one.
        let copy = try Feed(storage: MemoryStorage(), key: feed.key)
        try write(bytes)
        try feed.borrow([Feed.Lending(blocks: 2..<5, path: "file")])
        try check(feed)
        let remote = RemoteNodes()
        for index: UInt64 in 0..<6 {
            let proof = try #require(
                try feed.proof(
                    for: index, digest: copy.digest(for: index), includeLeaf: false, remote: remote)
            )
            try copy.put(index, value: feed.block(index), proof: proof)
        }
        try write(changed)
        #expect(try feed.block(3) == nil)
        let proof = try #require(
            try copy.proof(
                for: 3, digest: feed.digest(for: 3), includeLeaf: false, remote: RemoteNodes()))
        try feed.put(3, value: copy.block(3), proof: proof)
        try check(feed)
        #expect(try feed.verifyStored(0..<6).isEmpty)
    }

    @Test(arguments: ["gone", "short", "folder"])
    func aFileThatIsNotThereIsNoDamage(_ what: String) throws {
        let feed = try filled()
        try FileManager.default.removeItem(atPath: folder("shared/file"))
        if what == "short" { try write(Array(bytes[..<24_999])) }
        if what == "folder" {
            try FileManager.default.createDirectory(
                atPath: folder("shared/file"), withIntermediateDirectories: true)
        }
        #expect(try feed.block(4) == nil)
        #expect(try feed.block(0) == [1, 1])
        #expect(try feed.verifyStored(0..<6) == (what == "short" ? [] : [2, 3]))
        try feed.close()
        #expect(try open().length == 6)
    }

    @Test func aBatchThatIsGivenUpLeavesNothing() throws {
        let feed = try filled()
        let batch = try feed.beginBatch()
        try batch.append(
            lent: 10_000, leafHash: TreeHash.leaf(Array(block(0))), path: "file", offset: 0)
        batch.cancel()
        try feed.append([[9, 9, 9]])
        #expect(try feed.block(6) == [9, 9, 9])
        try feed.close()
        #expect(try open().block(6) == [9, 9, 9])
    }

    @Test func whatWasCopiedIsLentAndTakenBack() throws {
        let feed = try open()
        try feed.append([[1, 1], [2, 2, 2]])
        try feed.append((0..<3).map { Array(block($0)) })
        try feed.append([[3]])
        try feed.flush()
        #expect(diskBytes() > 24_000)
        try feed.setLendingFolder(folder("shared"))
        try feed.borrow([Feed.Lending(blocks: 2..<5, path: "file")])
        #expect(diskBytes() <= 16_384)
        try check(feed)
        var told: [UInt64] = []
        try feed.takeBack {
            told.append($0)
            return true
        }
        #expect(told.last == 25_000)
        #expect(feed.lendingFolder == nil)
        try FileManager.default.removeItem(atPath: folder("shared/file"))
        try check(feed)
        try feed.close()
        try check(try open())
    }

    @Test func whatNobodyLendsAnyMoreIsForgotten() throws {
        let feed = try filled()
        try feed.endLending([2..<5])
        #expect(!feed.has(2) && feed.has(1) && feed.has(5))
        try feed.close()
        let again = try open()
        #expect(again.localBlocks(in: 0..<6) == 3 && again.lendingFolder == folder("shared"))
        // The file was there all the time.
        try again.borrow([Feed.Lending(blocks: 2..<5, path: "file")])
        try check(again)
        try again.close()
        try check(try open())
    }

    /// A crash between the loans and the bits of a batch: nobody ever believes such a loan.
    @Test func loansOfABatchThatNeverWasAreForgotten() throws {
        try filled().close()
        do {
            let loans = try Loans(file: folder("feed/loans"))
            loans.add([
                Loan(bytes: 25_006..<25_106, path: "file", offset: 0),
                Loan(bytes: 30_000..<30_100, path: "file", offset: 100),
            ])
            try loans.save()
        }
        let copied = try open()
        try copied.append([Array(repeating: 9, count: 100)])
        try copied.close()
        let again = try open()
        #expect(again.lender(of: 25_006..<25_106) == nil)
        var calls = 0
        try again.takeBack { _ in
            calls += 1
            return calls < 10
        }
        #expect(calls == 1 && again.lendingFolder == nil)
        try check(again)
        #expect(try again.block(6) == Array(repeating: 9, count: 100))
    }

    @Test func whatWasForgottenMeanwhileIsTakenBack() throws {
        let feed = try filled()
        try FileManager.default.moveItem(atPath: folder("shared"), toPath: folder("away"))
        for index: UInt64 in 2..<5 { #expect(try feed.block(index) == nil) }
        try FileManager.default.moveItem(atPath: folder("away"), toPath: folder("shared"))
        try feed.takeBack { _ in true }
        try FileManager.default.removeItem(atPath: folder("shared/file"))
        try check(feed)
        try feed.close()
        try check(try open())
    }

    /// The file changed, the block was fetched again, and then its bit was torn.
    @Test func aTornBitIsMendedFromTheDataFileToo() throws {
        let feed = try filled()
        let storage = FolderStorage(folder: folder("feed"))
        let file = try #require(try storage.open(.data, create: false))
        try file.write(Array(block(1)), at: 10_005)
        try file.sync()
        try write([UInt8](repeating: 7, count: 25_000))
        #expect(try feed.block(3) == Array(block(1)))
        _ = feed.core.withLock { $0.bits.setBlock(3, false) }
        try feed.close()
        #expect(try open().block(3) == Array(block(1)))
    }
}
