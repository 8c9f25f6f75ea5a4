import Foundation
import HyperCrypto

extension Lab {
    /// BLAKE2b and XSalsa20 over the same bytes on one core: what no reader can beat. Bytes per
    /// second.
    func floor() -> Double {
        var buffer = [UInt8](repeating: 7, count: 65536)
        let rounds = 4096
        let key = SecureBytes(count: 32) { $0.initializeMemory(as: UInt8.self, repeating: 1) }
        var stream = XSalsa20Stream(key: key, nonce: [UInt8](repeating: 1, count: 24))
        var best = Double.infinity
        for _ in 0..<3 {
            let start = DispatchTime.now().uptimeNanoseconds
            for _ in 0..<rounds {
                buffer.withUnsafeMutableBytes { stream.xor($0) }
                _ = TreeHash.leaf(buffer)
            }
            best = min(best, Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
        }
        let rate = Double(rounds * buffer.count) / best
        row("floor: BLAKE2b + XSalsa20, one core", "\(text(rate / 1e6, 0)) MB/s", "", nil)
        return rate
    }

    /// BLAKE2b alone on one core, bytes per second: what nobody can beat who hashes all he writes.
    func hashRate() -> Double {
        let buffer = [UInt8](repeating: 7, count: 65536)
        let rounds = 4096
        var best = Double.infinity
        for _ in 0..<3 {
            let start = DispatchTime.now().uptimeNanoseconds
            for _ in 0..<rounds { _ = TreeHash.leaf(buffer) }
            best = min(best, Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
        }
        return Double(rounds * buffer.count) / best
    }
}
