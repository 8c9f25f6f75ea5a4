import HyperCrypto

extension FuzzTarget {
    static let cryptoTargets: [FuzzTarget] = [noise, keyText, stream]

    /// One side of a handshake, either one, against a remote that says anything.
    private static let noise = FuzzTarget("noise") {
        var (dialer, listener) = handshakes()
        let first = try dialer.writeMessage(payload: [1, 2, 3])
        _ = try listener.readMessage(first)
        let second = try listener.writeMessage(payload: [4])
        _ = try dialer.readMessage(second)
        let third = try dialer.writeMessage(payload: [])
        return [
            [0] + FuzzInput.piece(first) + FuzzInput.piece([4]) + FuzzInput.piece(third),
            [1] + FuzzInput.piece([1, 2, 3]) + FuzzInput.piece(second),
        ]
    } body: { input in
        let (dialer, listener) = handshakes()
        var side = input.byte() & 1 == 1 ? dialer : listener
        while !input.isEmpty, !side.isComplete {
            if side.isWriting {
                _ = try side.writeMessage(payload: input.piece())
            } else {
                _ = try side.readMessage(input.piece())
            }
        }
        if side.isComplete {
            check(side.remoteStaticKey != nil, "whoever has finished knows the other")
            check(side.split().tx.count == 32, "keys have 32 bytes")
        }
    }

    private static func handshakes() -> (NoiseHandshake, NoiseHandshake) {
        let keys = (1...4).map { number in
            NoiseKeyPair(seed: Blake2b.hash32([UInt8(number)]))
        }
        return (
            NoiseHandshake(initiator: true, staticKey: keys[0], ephemeralKey: keys[1]),
            NoiseHandshake(initiator: false, staticKey: keys[2], ephemeralKey: keys[3])
        )
    }

    private static let keyText = FuzzTarget("key-text") {
        let key = PublicKey(Blake2b.hash32([7]))
        return [Array(key.hex.utf8), Array(key.zBase32.utf8)]
    } body: { input in
        let text = String(decoding: input.rest(), as: UTF8.self)
        if let key = PublicKey(hex: text) {
            check(key.hex == text.lowercased(), "a key has one spelling")
        }
        if let key = PublicKey(zBase32: text) {
            check(key.zBase32 == text.lowercased(), "a key has one spelling")
        }
    }

    /// Two streams over the same bytes, cut differently, end in the same place.
    private static let stream = FuzzTarget("stream") {
        [[UInt8](repeating: 3, count: 200), [64, 1, 63, 0, 128, 65, 2]]
    } body: { input in
        let key = SecureBytes(count: 32) { for i in $0.indices { $0[i] = UInt8(i) } }
        var cut = XSalsa20Stream(key: key, nonce: [UInt8](repeating: 9, count: 24))
        var whole = cut
        var pieces: [UInt8] = []
        while !input.isEmpty {
            var piece = [UInt8](repeating: 0x55, count: Int(input.byte()))
            cut.xor(&piece)
            pieces += piece
        }
        var all = [UInt8](repeating: 0x55, count: pieces.count)
        whole.xor(&all)
        check(all == pieces, "where the stream is cut changes nothing")
        check(whole.position == cut.position, "every byte counts once")
    }
}
