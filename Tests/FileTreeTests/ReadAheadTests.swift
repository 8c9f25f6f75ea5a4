import FileTree
import HyperCrypto
import Hyperdrive
import TestSupport
import Testing

@testable import FileTree

/// What is asked for before it is read.
@Suite(.timeLimit(.minutes(1)))
struct ReadAheadTests {
    private let kilo: UInt64 = 1024

    @Test func aFirstTouchInTheMiddleAsksForNothing() {
        var ahead = ReadAhead(bytesMax: 8 << 20)
        #expect(ahead.note(500_000..<500_001) == ReadAhead.Step())
        #expect(ahead.window == 0)
    }

    @Test func aStartAsksForTwoBlocksAndASequenceForTwiceWhatWasRead() {
        var ahead = ReadAhead(bytesMax: 8 << 20)
        #expect(ahead.note(0..<4096).wanted == 4096..<4096 + 128 * kilo)
        #expect(ahead.note(0..<4096) == ReadAhead.Step(), "the same read again")
        var asked: UInt64 = 4096 + 128 * kilo
        var position: UInt64 = 4096
        while position < 64 << 20 {
            let step = ahead.note(position..<position + 128 * kilo)
            position += 128 * kilo
            if let wanted = step.wanted {
                #expect(wanted.lowerBound == max(asked, position), "no gap and nothing twice")
                asked = wanted.upperBound
            }
            #expect(!step.dropsDemands)
            #expect(asked - position <= 8 << 20)
        }
        #expect(ahead.window == 8 << 20)
        #expect(asked - position >= 4 << 20, "a fast reader has half a window before it")
    }

    @Test func requestsOutOfOrderAreOneSequence() {
        var ahead = ReadAhead(bytesMax: 8 << 20)
        for index in [0, 2, 1, 3, 5, 4, 6].map(UInt64.init) {
            let step = ahead.note(index * 128 * kilo..<(index + 1) * 128 * kilo)
            #expect(!step.dropsDemands)
        }
        #expect(ahead.window >= 1 << 20)
    }

    @Test func jumpsShrinkTheWindowToNothing() {
        var ahead = ReadAhead(bytesMax: 8 << 20)
        for index in UInt64(0)..<100 { _ = ahead.note(index * 65536..<(index + 1) * 65536) }
        var asked = 0
        for index in UInt64(1)..<10 {
            let step = ahead.note(index * 100 << 20..<(index * 100 << 20) + 4096)
            #expect(step.dropsDemands)
            if step.wanted != nil { asked += 1 }
        }
        #expect(asked == 0)
        #expect(ahead.window == 0)
    }

    @Test func zeroSwitchesItOff() {
        var ahead = ReadAhead(bytesMax: 0)
        for index in UInt64(0)..<10 {
            #expect(ahead.note(index * 4096..<(index + 1) * 4096) == ReadAhead.Step())
        }
    }

    @Test func aRunOfSmallFilesAsksForTheFilesBehind() {
        let run = FileRun()
        var asked: UInt64 = 0
        var demands = 0
        for file in UInt64(0)..<500 {
            let step = run.note(
                file: file..<file + 1, size: 1000, bytesMax: 8 << 20, length: 500)
            if let wanted = step.wanted {
                #expect(wanted.lowerBound == max(asked, file + 1))
                asked = wanted.upperBound
                demands += 1
            }
            #expect(step.dropped.isEmpty)
            #expect(asked <= 500)
        }
        #expect(asked == 500)
        #expect(demands < 20)
        #expect(
            run.note(file: 3..<4, size: 1, bytesMax: 8 << 20, length: 500)
                == FileRun.Step(), "elsewhere: the run is over")
    }

    @Test func aSequentialReaderFindsItsBlocksHereAndLeavesNothingBehind() async throws {
        let rig = try Rig()
        let bytes = pattern(64 * 1024 * 40)
        try rig.write("/f", bytes)
        let tree = try rig.foreignTree(readAhead: 1 << 20)
        let handle = try await tree.openFile("/f")
        var offset: UInt64 = 0
        while offset < 1 << 20 {
            #expect(try await tree.read(handle, offset, 1 << 16).count == 1 << 16)
            offset += 1 << 16
        }
        let demands = try rig.contentDemands()
        #expect(demands.contains { $0.priority == .readAhead })
        rig.peer.become(.silent)
        offset = 2 << 20
        let pending = tree.prepareRead(handle: handle, offset: offset, count: 10) { _ in }
        pending?.cancel()
        tree.close(handle: handle)
        #expect(rig.peer.waitingCount == 0)
    }
}
