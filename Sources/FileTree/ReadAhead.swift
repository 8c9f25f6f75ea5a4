/// Notices a sequential reader and says which bytes to ask for before it comes to them.
///
/// A first touch asks for nothing more, unless it is at the start of the file: there nearly every
/// reader goes on, and two blocks cost little. From the second read in a row on the window is
/// twice what was read so far, up to `bytesMax`; a jump shrinks it to a quarter, so that a reader
/// that jumps about soon gets just what it asks for.
struct ReadAhead: Sendable {
    /// What to do after a read.
    struct Step: Equatable {
        /// Bytes to ask for, from here on in the file; may reach past its end.
        var wanted: Range<UInt64>?
        /// The reader went elsewhere: what was asked for is not needed any more.
        var dropsDemands = false
    }

    private let bytesMax: UInt64
    /// Where the sequence stands; nil before the first read.
    private var position: UInt64?
    /// Bytes read in a row.
    private var streak: UInt64 = 0
    private(set) var window: UInt64 = 0
    /// Asked for up to here.
    private var frontier: UInt64 = 0

    init(bytesMax: UInt64) { self.bytesMax = bytesMax }

    /// Bytes at which the window starts.
    private var bytesMin: UInt64 { min(Limits.readAheadBytesMin, bytesMax) }

    /// Notes a read; the same read may be noted twice.
    mutating func note(_ read: Range<UInt64>) -> Step {
        guard bytesMax > 0, !read.isEmpty else { return Step() }
        guard let position else {
            self.position = read.upperBound
            streak = UInt64(read.count)
            frontier = read.upperBound
            if read.lowerBound == 0 { window = bytesMin }
            return extend()
        }
        if read.upperBound <= position, position - read.lowerBound <= Limits.readAheadSlack {
            return Step()
        }
        let isNext =
            read.lowerBound <= position + Limits.readAheadSlack
            && read.upperBound + Limits.readAheadSlack >= position
        return isNext ? advance(to: read.upperBound, from: position) : jump(to: read)
    }

    private mutating func advance(to end: UInt64, from position: UInt64) -> Step {
        guard end > position else { return Step() }
        streak += end - position
        self.position = end
        window = min(bytesMax, max(bytesMin, 2 * streak))
        frontier = max(frontier, end)
        return extend()
    }

    private mutating func jump(to read: Range<UInt64>) -> Step {
        position = read.upperBound
        streak = UInt64(read.count)
        frontier = read.upperBound
        window /= 4
        if window < bytesMin { window = 0 }
        return Step(wanted: nil, dropsDemands: true)
    }

    /// Asks for more once half of the window is used up, so that demands are few and large.
    private mutating func extend() -> Step {
        guard let position, window > 0, frontier - position <= window / 2 else { return Step() }
        let wanted = frontier..<(position + window)
        frontier = wanted.upperBound
        return Step(wanted: wanted.isEmpty ? nil : wanted)
    }
}
