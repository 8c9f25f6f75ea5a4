import Testing

@testable import Replication

@Suite(.timeLimit(.minutes(1)))
struct SchedulerPartsTests {
    private let start = ContinuousClock.now

    /// A pipe of a delay and a rate, kept as full as the estimator's window allows.
    private func windowAfterStreaming(
        roundTrip: Duration, bytesPerSecond: Double, blocks: Int
    ) -> DeliveryEstimator {
        var estimator = DeliveryEstimator(now: start)
        var inFlight: [(sample: DeliveryEstimator.Sample, at: ContinuousClock.Instant)] = []
        var lineFree = start
        var now = start
        let bytes = 65536
        for _ in 0..<blocks {
            while inFlight.isEmpty || (inFlight.count + 1) * bytes <= estimator.windowBytes {
                let sent = inFlight.count * bytes
                let sample = estimator.sent(
                    bytesInFlight: sent, wasBusy: sent * 2 >= estimator.windowBytes, now: now)
                let leaves = max(lineFree, now + roundTrip / 2)
                lineFree = leaves + .seconds(Double(bytes) / bytesPerSecond)
                inFlight.append((sample, lineFree + roundTrip / 2))
            }
            let first = inFlight.removeFirst()
            now = first.at
            estimator.answered(first.sample, bytes: bytes, now: now)
        }
        return estimator
    }

    @Test func theWindowGrowsToTheBandwidthDelayProduct() {
        let estimator = windowAfterStreaming(
            roundTrip: .milliseconds(50), bytesPerSecond: 100e6, blocks: 3000)
        let pipe = 100e6 * 0.05
        #expect(Double(estimator.windowBytes) > 1.2 * pipe)
        #expect(Double(estimator.windowBytes) < 3 * pipe)
        #expect(abs(estimator.rate / 100e6 - 1) < 0.1)
    }

    @Test func theWindowStaysSmallOnAShortPipe() {
        let estimator = windowAfterStreaming(
            roundTrip: .milliseconds(1), bytesPerSecond: 10e6, blocks: 1000)
        #expect(estimator.windowBytes == SchedulerLimits.windowBytesMin)
    }

    @Test func aSlowPeerIsExpectedLaterThanAFastOne() {
        let slow = windowAfterStreaming(
            roundTrip: .milliseconds(20), bytesPerSecond: 1e5, blocks: 50)
        let fast = windowAfterStreaming(
            roundTrip: .milliseconds(60), bytesPerSecond: 50e6, blocks: 50)
        #expect(slow.expectedDelay(ofBytes: 65536) > fast.expectedDelay(ofBytes: 1 << 20))
    }

    @Test func aTokenBucketAllowsItsBurstAndThenItsRate() {
        var bucket = TokenBucket(perSecond: 10, burst: 5, now: start)
        let burst = (0..<10).count { _ in bucket.take(now: start) }
        #expect(burst == 5)
        let later = (0..<20).count { _ in bucket.take(now: start + .milliseconds(300)) }
        #expect(later == 3)
    }

    @Test func aRangeCollectorJoinsNeighboursAndAdmitsWhatItDropped() {
        var collector = RangeCollector(limit: 3)
        for i in UInt64(0)..<100 { collector.insert(i..<i + 1) }
        collector.insert(200..<300)
        collector.insert(100..<200)
        #expect(!collector.overflowed)
        #expect(collector.take() == [0..<300])
        for i in UInt64(0)..<4 { collector.insert(i * 10..<i * 10 + 1) }
        #expect(collector.overflowed)
    }
}
