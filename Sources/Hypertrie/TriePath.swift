import HyperCrypto

/// One component of a key: where it stands in the key's UTF-8, and its hash.
struct TrieComponent: Sendable {
    /// SipHash-2-4 under the zero key; digit d is bits 2d and 2d + 1.
    let hash: UInt64
    private let storedStart: UInt32
    private let storedEnd: UInt32

    init(start: Int, end: Int, hash: UInt64) {
        self.hash = hash
        storedStart = UInt32(truncatingIfNeeded: start)
        storedEnd = UInt32(truncatingIfNeeded: end)
    }

    var start: Int { Int(storedStart) }
    var end: Int { Int(storedEnd) }
}

/// A key as the trie sees it (docs/spec/hypertrie.md section 3): a hidden bit, 32
/// digits of two bits for each component, and an end mark.
///
///     position   0        1 ... 32    33 ... 64   ...   32n + 1
///     digit      hidden   component 0 component 1       4
///
/// The digits are never spelled out: comparing two paths is an exclusive or for each component.
struct TriePath: Sendable {
    /// Normalized: without the one leading slash.
    let key: String
    let components: [TrieComponent]
    let isHidden: Bool

    /// Normalizes, splits and hashes a key; throws `badKey` beyond the limits.
    init(_ key: String, hidden: Bool) throws(TrieError) {
        try self.init(normalized: Self.normalize(key), hidden: hidden)
    }

    /// The same for a key that was normalized before.
    init(normalized key: String, hidden: Bool) throws(TrieError) {
        var native = key
        native.makeContiguousUTF8()
        self.key = native
        isHidden = hidden
        let bytes = native.utf8.count
        guard bytes <= SpecLimits.keyBytesMax else {
            throw TrieError(
                .badKey,
                "a key of \(bytes) bytes is too long; use at most \(SpecLimits.keyBytesMax)")
        }
        let found = native.utf8.withContiguousStorageIfAvailable(Self.split) ?? []
        guard found.count <= SpecLimits.componentsMax else {
            throw TrieError(
                .badKey,
                "a key of \(found.count) components is too deep; use at most "
                    + "\(SpecLimits.componentsMax)")
        }
        components = found
    }

    /// Drops exactly one leading slash, nothing else.
    static func normalize(_ key: String) -> String {
        // By bytes: a slash and a combining mark behind it are one character.
        guard key.utf8.first == UInt8(ascii: "/") else { return key }
        return String(Substring(key.utf8.dropFirst()))
    }

    private static func split(_ bytes: UnsafeBufferPointer<UInt8>) -> [TrieComponent] {
        var found: [TrieComponent] = []
        var start = 0
        for end in 0...bytes.count where end == bytes.count || bytes[end] == UInt8(ascii: "/") {
            // Only a first and a last empty piece are dropped; those between are components.
            let isDropped = start == end && (start == 0 || end == bytes.count)
            if !isDropped {
                let piece = UnsafeBufferPointer(rebasing: bytes[start..<end])
                found.append(
                    TrieComponent(
                        start: start, end: end, hash: SipHash24.hash(UnsafeRawBufferPointer(piece)))
                )
            }
            start = end + 1
        }
        return found
    }

    /// Number of positions.
    var length: Int { 32 * components.count + 2 }

    /// Whether a position is the last digit of a component, where collisions are told apart.
    static func isTerminator(_ position: Int) -> Bool { position > 0 && position & 31 == 0 }

    /// The digit at a position below `length`: 0 ... 3, or 4 for the end mark.
    func digit(_ position: Int) -> Int {
        if position == 0 { return isHidden ? 1 : 0 }
        let component = (position - 1) >> 5
        guard component < components.count else { return 4 }
        return Int(
            truncatingIfNeeded: components[component].hash >> UInt64(2 * ((position - 1) & 31))) & 3
    }

    /// The first position at or after `start` where the two part, collisions included; `length`
    /// where they never do.
    func divergence(from other: TriePath, startingAt start: Int) -> Int {
        if start == 0, isHidden != other.isHidden { return 0 }
        var index = start > 0 ? (start - 1) >> 5 : 0
        var mask = start > 0 ? ~UInt64(0) << UInt64(2 * ((start - 1) & 31)) : ~0
        while index < components.count, index < other.components.count {
            let difference = (components[index].hash ^ other.components[index].hash) & mask
            if difference != 0 { return 1 + 32 * index + difference.trailingZeroBitCount / 2 }
            if !sharesComponent(index, with: other) { return 32 * (index + 1) }
            mask = ~0
            index += 1
        }
        if components.count == other.components.count { return length }
        return max(start, 32 * min(components.count, other.components.count) + 1)
    }

    /// Whether both have the component and it is the same string.
    func sharesComponent(_ index: Int, with other: TriePath) -> Bool {
        guard index < components.count, index < other.components.count else { return false }
        let mine = components[index]
        let theirs = other.components[index]
        guard mine.hash == theirs.hash, mine.end - mine.start == theirs.end - theirs.start else {
            return false
        }
        // By bytes: Swift's own comparison takes different spellings of a character as equal.
        let isSame = key.utf8.withContiguousStorageIfAvailable { bytes in
            other.key.utf8.withContiguousStorageIfAvailable { otherBytes in
                bytes[mine.start..<mine.end].elementsEqual(otherBytes[theirs.start..<theirs.end])
            }
        }
        return (isSame ?? false) ?? false
    }

    /// Whether the two differ in the component that ends at a terminator position.
    func collides(with other: TriePath, at position: Int) -> Bool {
        !sharesComponent((position - 1) >> 5, with: other)
    }

    /// A component as a string.
    func name(of component: Int) -> String {
        let utf8 = key.utf8
        let start = utf8.index(utf8.startIndex, offsetBy: components[component].start)
        let end = utf8.index(utf8.startIndex, offsetBy: components[component].end)
        return String(key[start..<end])
    }

    /// The key up to and including its first components.
    func key(ofFirst count: Int) -> String {
        let end = count > 0 ? components[count - 1].end : 0
        return String(key[..<key.utf8.index(key.utf8.startIndex, offsetBy: end)])
    }

    /// How many components at the front are the same strings.
    func sharedComponents(with other: TriePath) -> Int {
        var count = 0
        while sharesComponent(count, with: other) { count += 1 }
        return count
    }

    /// Whether both spell the same key, byte for byte.
    func hasSameKey(as other: TriePath) -> Bool { key.utf8.elementsEqual(other.key.utf8) }
}

extension [TriePath] {
    /// Only different names may share a digit, and only where a name ends. Twins would let a
    /// hostile writer double a walk at every component. `seq` is the node that points at them.
    func checkDistinct(at position: Int, in seq: UInt64) throws(TrieError) {
        for (index, path) in enumerated() {
            for other in self[..<index]
            where !TriePath.isTerminator(position) || !other.collides(with: path, at: position) {
                throw .corrupt(seq, "it points at two nodes in the same place")
            }
        }
    }
}
