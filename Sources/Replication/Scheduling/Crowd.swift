import HyperCrypto

/// Those who lack blocks of a feed as we do, as far as we are connected with them, and which pieces
/// fall to whom. All who know the same peers come to the same result, without a word; who knows
/// others only is of another opinion about a few pieces.
struct Crowd {
    private let own: UInt64
    private var others: [UInt64] = []

    /// Nobody but ourselves.
    init(of key: Bytes32) { own = Self.number(key) }

    /// How many there are, ourselves left out.
    var count: Int { others.count }

    mutating func add(_ key: Bytes32) { others.append(Self.number(key)) }

    /// How many of the others a piece falls to before it falls to us (rendezvous hashing).
    func rank(of piece: UInt64) -> Int {
        let ours = Self.draw(own, piece)
        return others.count { Self.draw($0, piece) < ours }
    }

    private static func draw(_ key: UInt64, _ piece: UInt64) -> UInt64 {
        var mixed = (key ^ piece) &* 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ mixed >> 32) &* 0xbf58_476d_1ce4_e5b9
        return mixed ^ mixed >> 29
    }

    private static func number(_ key: Bytes32) -> UInt64 {
        key.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
