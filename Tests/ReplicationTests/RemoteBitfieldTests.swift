import HyperCrypto
import TestSupport
import Testing

@testable import Replication

@Suite(.timeLimit(.minutes(1)))
struct RemoteBitfieldTests {
    @Test func agreesWithASetAfterRandomClaims() {
        var random = SeededRandom.announced()
        let size: UInt64 = 70_000
        for _ in 0..<3 {
            var field = RemoteBitfield()
            var model = [Bool](repeating: false, count: Int(size) + 1)
            var longest: UInt64 = 0
            for _ in 0..<40 {
                let start = random.next() % size
                let end = min(
                    size, start + 1 + random.next() % (random.next() % 3 == 0 ? 50_000 : 9))
                switch random.next() % 4 {
                case 0, 1:
                    let from = random.next() % 5 == 0 ? 0 : start
                    field.insert(from..<end)
                    for i in from..<end { model[Int(i)] = true }
                    longest = max(longest, end)
                case 2:
                    field.remove(start..<end)
                    for i in start..<end { model[Int(i)] = false }
                    if start == 0 && end >= longest { longest = 0 }
                default:
                    let from = start / 8 * 8
                    let bits = random.bytes(Int(end - from + 7) / 8)
                    field.replace(from..<end, with: bits)
                    for i in from..<end {
                        let bit = bits[Int(i - from) / 8] & (0x80 >> UInt8((i - from) % 8))
                        model[Int(i)] = bit != 0
                        if bit != 0 { longest = max(longest, i + 1) }
                    }
                }
                #expect(field.length == longest)
            }
            compare(field, model, &random)
        }
    }

    private func compare(
        _ field: RemoteBitfield, _ model: [Bool], _ random: inout SeededRandom
    ) {
        #expect(model.indices.allSatisfy { field.has(UInt64($0)) == model[$0] })
        #expect(field.contiguous == model.firstIndex(of: false).map { UInt64($0) })
        for _ in 0..<200 {
            let start = Int(random.next() % UInt64(model.count))
            let next = model[start...].firstIndex(of: true)
            #expect(field.next(from: UInt64(start)) == next.map { UInt64($0) })
            let end = min(model.count, start + Int(random.next() % 3000))
            let all = model[start..<end].allSatisfy { $0 }
            #expect(field.hasAll(UInt64(start)..<UInt64(end)) == all)
        }
    }

    @Test func aClaimOfEverythingCostsNothing() {
        var field = RemoteBitfield()
        #expect(field.insert(0..<(1 << 50)) < 4)
        #expect(field.has(1 << 49))
        #expect(field.pageCount == 0)
        #expect(field.insert((1 << 52)..<(1 << 53)) < 4)
        #expect(!field.has(1 << 52))
    }

    @Test func scatteredClaimsStayWithinBounds() {
        var field = RemoteBitfield()
        for i in UInt64(1)..<5000 {
            field.insert(i << 20..<(i << 20) + 1)
        }
        #expect(field.pageCount <= SchedulerLimits.remotePagesMax)
        #expect(field.has(1 << 20))
        let work = field.insert((1 << 40)..<(1 << 50))
        #expect(work <= Int(SchedulerLimits.remotePagesPerMessageMax) + 2)
    }

    @Test func holesInTheContiguousPartAreKept() {
        var field = RemoteBitfield()
        field.insert(0..<100_000)
        field.remove(40_000..<40_010)
        #expect(field.contiguous == 40_000)
        #expect(field.next(from: 40_000) == 40_010)
        #expect(field.hasAll(40_010..<100_000))
        field.insert(40_000..<40_010)
        #expect(field.contiguous == 100_000)
        #expect(field.pageCount <= 1)
        field.remove(0..<100_000)
        #expect(field.length == 0)
    }
}
