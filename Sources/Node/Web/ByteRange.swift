/// The part of a file that a client wants (RFC 9110 section 14).
enum ByteRange: Equatable {
    /// No range, or none that is understood: all of it.
    case whole
    /// These bytes, at least one.
    case part(Range<UInt64>)
    /// None of it is there.
    case unsatisfiable

    /// What a `Range` header means for a file of that size. Of several ranges none is served: then
    /// all of it is, as the standard allows.
    init(_ header: String?, size: UInt64) {
        guard let header, header.hasPrefix("bytes="), !header.contains(",") else {
            self = .whole
            return
        }
        let sides = header.dropFirst(6).split(
            separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, sides.allSatisfy(Self.isNumber) else {
            self = .whole
            return
        }
        let last = UInt64(sides[1])
        if sides[0].isEmpty {
            guard !sides[1].isEmpty else {
                self = .whole
                return
            }
            // The last so many bytes; more than a UInt64 can say is more than there are.
            let count = min(last ?? .max, size)
            self = count == 0 ? .unsatisfiable : .part(size - count..<size)
            return
        }
        guard let first = UInt64(sides[0]), first < size else {
            self = .unsatisfiable
            return
        }
        let end = sides[1].isEmpty ? size : min(last ?? .max, size - 1) + 1
        self = end > first ? .part(first..<end) : .whole
    }

    private static func isNumber(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
