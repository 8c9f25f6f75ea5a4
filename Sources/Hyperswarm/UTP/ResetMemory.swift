import NIOCore

/// To whom a RESET was sent lately: nobody is to be flooded by means of us.
struct ResetMemory {
    private var times: [IPAddress: NIODeadline] = [:]

    /// Whether the address may get one now; counts it.
    mutating func mayAnswer(_ address: IPAddress, now: NIODeadline) -> Bool {
        let interval = Limits.UTP.resetInterval
        if let last = times[address.network], now < last + interval { return false }
        if times.count >= Limits.UTP.resetMemoryMax {
            times = times.filter { now < $0.value + interval }
            guard times.count < Limits.UTP.resetMemoryMax else { return false }
        }
        times[address.network] = now
        return true
    }
}
