import Hyperswarm

/// Where the datagrams come from that the targets of both DHTs take.
enum FuzzHosts {
    static let endpoints = (0..<4).map {
        Endpoint(ip: .v4(0x1401_0001 + UInt32($0) << 16), port: 1000)
    }

    /// Seeds from recorded datagrams, so many in each: before each the byte that says where from
    /// and when.
    static func sessions(of recorded: [[UInt8]], length: Int) -> [[UInt8]] {
        stride(from: 0, to: recorded.count, by: length).map { start in
            recorded[start..<min(start + length, recorded.count)].enumerated()
                .flatMap { index, datagram in
                    [UInt8(truncatingIfNeeded: index * 37)] + FuzzInput.piece(datagram)
                }
        }
    }
}
