import NIOCore
import TestSupport

@testable import Hyperswarm

/// A router that gives out ports, on a clock that jumps from deadline to deadline.
struct RouterRig {
    var mapper: PortMapper
    var now: NIODeadline
    var speaksPCP = false
    var speaksNATPMP = false
    var refusesOtherVersions = false
    var result: UInt8 = 0
    /// What it grants for TCP, if not what was asked for.
    var secondsForTCP: UInt16?
    var epochStart: NIODeadline
    var requests: [[UInt8]] = []
    var mapped: [String] = []
    var reasons: [PortMapper.Reason] = []
    var lost = 0
    var lastAnswer: [UInt8]?

    init(client: IPAddress, now: NIODeadline) {
        var random = SeededRandom(seed: 1)
        mapper = PortMapper(client: client, port: 40000, random: &random, now: now)
        self.now = now
        epochStart = now
    }

    mutating func run(for time: TimeAmount) {
        let end = now + time
        mapper.advance(to: now)
        carry()
        while let next = mapper.nextDeadline, next <= end {
            now = max(now, next)
            mapper.advance(to: now)
            carry()
        }
        now = end
    }

    mutating func carry() {
        while true {
            let effects = mapper.takeEffects()
            if effects.isEmpty { return }
            for effect in effects {
                switch effect {
                case .send(let bytes):
                    requests.append(bytes)
                    if let answer = answer(bytes) {
                        lastAnswer = answer
                        answer.withUnsafeBytes { mapper.receive($0, now: now) }
                        mapper.advance(to: now)
                    }
                case .mapped(let mapping):
                    guard let address = mapping.externalAddress else { continue }
                    let name = mapping.isTCP ? "tcp" : "udp"
                    mapped.append("\(name) \(mapping.externalPort) \(address)")
                case .lost: lost += 1
                case .unavailable(let reason): reasons.append(reason)
                }
            }
        }
    }

    private func answer(_ request: [UInt8]) -> [UInt8]? {
        let seconds = UInt32((now - epochStart).nanoseconds / 1_000_000_000)
        let epoch = (0..<4).map { UInt8(truncatingIfNeeded: seconds >> (24 - 8 * UInt32($0))) }
        let address: [UInt8] = [11, 22, 33, 44]
        if request[0] == 2 {
            if speaksPCP {
                var body = Array(request[24...])
                body.replaceSubrange(32..<36, with: address)
                var lifetime = Array(request[4..<8])
                if let secondsForTCP, request[36] == 6 {
                    lifetime = [0, 0, UInt8(secondsForTCP >> 8), UInt8(secondsForTCP & 255)]
                }
                return [2, request[1] | 0x80, 0, result] + lifetime + epoch
                    + [UInt8](repeating: 0, count: 12) + body
            }
            guard speaksNATPMP, refusesOtherVersions else { return nil }
            return [0, request[1] | 0x80, 0, 1] + epoch
        }
        guard speaksNATPMP else { return nil }
        if request[1] == 0 { return [0, 0x80, 0, 0] + epoch + address }
        return [0, request[1] | 0x80, 0, 0] + epoch + request[4...]
    }
}
