/// What is known of a peer's speed: its round trip and its rate, and from both the window of bytes
/// that keeps its pipe full without a long queue (DESIGN.md section 3).
///
/// The rate is the best that was delivered between sending a request and receiving its answer,
/// of the last few seconds. The round trip is the shortest seen; an answer to a request that found
/// nothing in flight measures it anew, since others measure our own queue as well.
struct DeliveryEstimator {
    /// What is remembered of a request until its answer comes.
    struct Sample {
        let sentAt: ContinuousClock.Instant
        let deliveredBefore: UInt64
        /// Nothing else was in flight: the answer's delay is the round trip.
        let wasIdle: Bool
        /// The window was well used: the rate seen is the pipe's, not ours.
        let wasBusy: Bool
    }

    /// The shortest way there and back, server's work included; `nil` before anything was measured.
    private(set) var roundTrip: Duration?
    /// Bytes per second; 0 before the first answer.
    private(set) var rate = 0.0
    private(set) var deliveredBytes: UInt64 = 0
    private var rateOfThisPeriod = 0.0
    private var rateOfLastPeriod = 0.0
    private var periodEnd: ContinuousClock.Instant

    init(now: ContinuousClock.Instant) { periodEnd = now }

    /// What fits into the pipe, as far as it was seen: rate times round trip.
    var pipeBytes: Int {
        guard let roundTrip else { return 0 }
        return Int(min(rate * roundTrip.inSeconds, Double(SchedulerLimits.windowBytesMax)))
    }

    /// Bytes that may be in flight: twice what fits into the pipe.
    var windowBytes: Int {
        min(max(SchedulerLimits.windowBytesMin, 2 * pipeBytes), SchedulerLimits.windowBytesMax)
    }

    /// The window of whole copies: what comes within a moment. What waits in a slow peer's queue
    /// can be asked of nobody else, and may be here long before it comes.
    var copyWindowBytes: Int {
        let moment = Int(
            min(rate * SchedulerLimits.copyMoment.inSeconds, Double(SchedulerLimits.windowBytesMax))
        )
        return min(max(SchedulerLimits.backgroundBytesMin, 2 * pipeBytes, moment), windowBytes)
    }

    /// When the last of `bytes` in flight is expected, from now.
    func expectedDelay(ofBytes bytes: Int) -> Duration {
        let roundTrip = roundTrip ?? SchedulerLimits.roundTripGuess
        let guess =
            Double(SchedulerLimits.windowBytesMin)
            / max(roundTrip.inSeconds, SchedulerLimits.roundTripGuess.inSeconds)
        let queued = Double(bytes) / (rate > 0 ? rate : guess)
        return roundTrip + .seconds(min(queued, 3600))
    }

    /// A round trip measured elsewhere (the handshake).
    mutating func measured(roundTrip measured: Duration) {
        roundTrip = roundTrip.map { min($0, measured) } ?? measured
    }

    mutating func sent(
        bytesInFlight: Int, wasBusy: Bool, now: ContinuousClock.Instant
    ) -> Sample {
        Sample(
            sentAt: now, deliveredBefore: deliveredBytes, wasIdle: bytesInFlight == 0,
            wasBusy: wasBusy)
    }

    mutating func answered(_ sample: Sample, bytes: Int, now: ContinuousClock.Instant) {
        deliveredBytes &+= UInt64(bytes)
        let delay = max(now - sample.sentAt, .microseconds(1))
        if sample.wasIdle {
            roundTrip = delay
        } else {
            measured(roundTrip: delay)
        }
        let seen = Double(deliveredBytes &- sample.deliveredBefore) / delay.inSeconds
        rateOfThisPeriod = max(rateOfThisPeriod, seen)
        rate = max(rateOfThisPeriod, rateOfLastPeriod)
        if sample.wasBusy && now >= periodEnd {
            rateOfLastPeriod = rateOfThisPeriod
            rateOfThisPeriod = 0
            let period = (roundTrip ?? SchedulerLimits.roundTripGuess) * 10
            periodEnd = now + max(period, .seconds(1))
        }
    }
}
