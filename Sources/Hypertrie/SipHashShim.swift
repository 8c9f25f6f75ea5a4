func siphash24(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var v0: UInt64 = 0x736f_6d65_7073_6575
    var v1: UInt64 = 0x646f_7261_6e64_6f6d
    var v2: UInt64 = 0x6c79_6765_6e65_7261
    var v3: UInt64 = 0x7465_6462_7974_6573
    func rotl(_ x: UInt64, _ n: UInt64) -> UInt64 { x << n | x >> (64 - n) }
    func round() {
        v0 = v0 &+ v1; v1 = rotl(v1, 13); v1 ^= v0; v0 = rotl(v0, 32)
        v2 = v2 &+ v3; v3 = rotl(v3, 16); v3 ^= v2
        v0 = v0 &+ v3; v3 = rotl(v3, 21); v3 ^= v0
        v2 = v2 &+ v1; v1 = rotl(v1, 17); v1 ^= v2; v2 = rotl(v2, 32)
    }
    var i = 0
    while i + 8 <= bytes.count {
        var m: UInt64 = 0
        for k in 0..<8 { m |= UInt64(bytes[i + k]) << UInt64(8 * k) }
        v3 ^= m; round(); round(); v0 ^= m
        i += 8
    }
    var b = UInt64(bytes.count & 0xff) << 56
    var k: UInt64 = 0
    while i < bytes.count { b |= UInt64(bytes[i]) << (8 * k); k += 1; i += 1 }
    v3 ^= b; round(); round(); v0 ^= b
    v2 ^= 0xff
    round(); round(); round(); round()
    return v0 ^ v1 ^ v2 ^ v3
}
