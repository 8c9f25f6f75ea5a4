/// Changes of a file's bytes that belong together, on top of what was there before.
struct Stage: Sendable {
    private let bytes: StagedBytes
    /// Bytes that are here.
    private(set) var extents = Extents()
    /// Bytes of what is below that show through; behind them it is zeros.
    private(set) var floor: UInt64
    /// Bytes of the file.
    private(set) var size: UInt64

    /// Changes nothing so far.
    init(over size: UInt64, in area: StagingArea) {
        bytes = StagedBytes(area)
        floor = size
        self.size = size
    }

    /// Where a piece of the file comes from.
    enum Piece {
        case staged(Range<UInt64>)
        case below(Range<UInt64>)
        case zeros(Range<UInt64>)
    }

    /// Cuts a range of the file into pieces, in order.
    func pieces(of range: Range<UInt64>) -> [Piece] {
        var pieces: [Piece] = []
        for (range, isInside) in extents.pieces(of: range) {
            if isInside {
                pieces.append(.staged(range))
                continue
            }
            let middle = min(max(floor, range.lowerBound), range.upperBound)
            if range.lowerBound < middle { pieces.append(.below(range.lowerBound..<middle)) }
            if middle < range.upperBound { pieces.append(.zeros(middle..<range.upperBound)) }
        }
        return pieces
    }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(PosixError) {
        try bytes.read(at: offset, into: buffer)
    }

    mutating func write(_ data: UnsafeRawBufferPointer, at offset: UInt64) throws(PosixError) {
        let end = offset + UInt64(data.count)
        try bytes.write(data, at: offset)
        extents.insert(offset..<end)
        size = max(size, end)
    }

    /// Makes a range zero; the size stays.
    mutating func clear(_ range: Range<UInt64>) throws(PosixError) {
        let range = range.clamped(to: 0..<size)
        guard !range.isEmpty else { return }
        try bytes.clear(range)
        extents.insert(range)
    }

    mutating func resize(to size: UInt64) {
        extents.remove(from: size)
        floor = min(floor, size)
        self.size = size
    }
}
