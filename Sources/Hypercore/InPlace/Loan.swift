/// A stretch of a feed whose bytes are not in its data file but in a file of a folder that lends
/// them: the folder that is shared in place (docs/in-place.md).
public struct Loan: Sendable, Equatable {
    /// Bytes of the feed; not empty.
    public var bytes: Range<UInt64>
    /// The file, relative to the folder.
    public var path: String
    /// Byte of the file at which they begin.
    public var offset: UInt64

    /// That stretch, lent by that file.
    public init(bytes: Range<UInt64>, path: String, offset: UInt64) {
        self.bytes = bytes
        self.path = path
        self.offset = offset
    }

    /// What it lends of a range; nil = nothing.
    func part(_ range: Range<UInt64>) -> Loan? {
        let part = bytes.clamped(to: range)
        guard !part.isEmpty else { return nil }
        return Loan(
            bytes: part, path: path, offset: offset + (part.lowerBound - bytes.lowerBound))
    }

    /// Both in one, where the other goes on in the same file; nil = it does not.
    func joined(with next: Loan) -> Loan? {
        guard next.bytes.lowerBound == bytes.upperBound, next.path == path,
            next.offset == offset + UInt64(bytes.count)
        else { return nil }
        return Loan(bytes: bytes.lowerBound..<next.bytes.upperBound, path: path, offset: offset)
    }
}
