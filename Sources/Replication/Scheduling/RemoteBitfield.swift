/// The blocks a peer has, as far as it told us (docs/spec/hypercore.md 11.2): sparse, of bounded
/// memory whatever is claimed.
///
/// Nearly every peer has a feed from its start up to somewhere; that part is one number. Above it
/// there are pages of 32768 bits, kept sorted; a full page has no bits at all.
struct RemoteBitfield {
    /// Blocks `0 ..< contiguous` are all there.
    private(set) var contiguous: UInt64 = 0
    /// One more than the highest block ever claimed: our own idea of the remote length.
    private(set) var length: UInt64 = 0
    private var pages: [RemotePage] = []
    private var mixedPages = 0

    init() {}

    /// Whether the peer has a block.
    func has(_ block: UInt64) -> Bool {
        if block < contiguous { return true }
        guard let page = page(RemotePage.number(of: block)) else { return false }
        return page.has(RemotePage.offset(of: block))
    }

    /// Whether the peer has every block of a range.
    func hasAll(_ range: Range<UInt64>) -> Bool {
        var block = max(range.lowerBound, contiguous)
        while block < range.upperBound {
            guard let page = page(RemotePage.number(of: block)) else { return false }
            let end = page.endOfRun(from: RemotePage.offset(of: block))
            if end < RemotePage.bits { return page.start + UInt64(end) >= range.upperBound }
            block = page.start + pageBits
        }
        return true
    }

    /// The first block at or after `block` that the peer has.
    func next(from block: UInt64) -> UInt64? {
        if block < contiguous { return block }
        let number = RemotePage.number(of: block)
        var position = lowerBound(number)
        while position < pages.count {
            let page = pages[position]
            let offset = page.number == number ? RemotePage.offset(of: block) : 0
            if let found = page.next(from: offset) { return page.start + UInt64(found) }
            position += 1
        }
        return nil
    }

    /// Notes that the peer has a range. Returns the work this was, in pages.
    @discardableResult
    mutating func insert(_ claimed: Range<UInt64>) -> Int {
        let range = claimed.clamped(to: 0..<SchedulerLimits.lengthMax)
        guard !range.isEmpty else { return 1 }
        length = max(length, range.upperBound)
        if range.lowerBound <= contiguous {
            contiguous = max(contiguous, range.upperBound)
            return 1 + extendContiguous()
        }
        return 1 + fillPages(range)
    }

    /// Notes that the peer lacks a range; all of it when the range reaches from 0 to its end.
    @discardableResult
    mutating func remove(_ claimed: Range<UInt64>) -> Int {
        if claimed.lowerBound == 0 && claimed.upperBound >= length {
            self = RemoteBitfield()
            return 1
        }
        let range = claimed.clamped(to: 0..<length)
        guard !range.isEmpty else { return 1 }
        var work = 1
        if range.lowerBound < contiguous {
            let end = contiguous
            contiguous = range.lowerBound
            if range.upperBound < end { work += fillPages(range.upperBound..<end) }
        }
        return work + clearPages(range)
    }

    /// Replaces a range by the bits of a bitfield, first block in the top bit of the first byte.
    /// Missing bytes are zeros, bits beyond the range are ignored. `start` is a multiple of 8.
    @discardableResult
    mutating func replace(_ range: Range<UInt64>, with bits: [UInt8]) -> Int {
        guard range.lowerBound % 8 == 0, range.upperBound <= SchedulerLimits.lengthMax else {
            return 1
        }
        let claimed = length
        var work = remove(range)
        length = max(length, claimed)
        var first = range.lowerBound
        while first < range.upperBound {
            let start = Int((first - range.lowerBound) / 8)
            guard start < bits.count else { break }
            let end = min(range.upperBound, (RemotePage.number(of: first) + 1) * pageBits)
            let used = min(bits.count, start + Int((end - first + 7) / 8))
            work += merge(bits[start..<used], into: first..<end)
            first = end
        }
        return work + extendContiguous()
    }

    /// Pages held, for tests of the memory bound.
    var pageCount: Int { pages.count }
}

private let pageBits = UInt64(RemotePage.bits)

extension RemoteBitfield {
    private func page(_ number: UInt64) -> RemotePage? {
        let position = lowerBound(number)
        guard position < pages.count, pages[position].number == number else { return nil }
        return pages[position]
    }

    /// Position of the first page whose number is not below `number`.
    private func lowerBound(_ number: UInt64) -> Int {
        var low = 0
        var high = pages.count
        while low < high {
            let middle = (low + high) / 2
            if pages[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func fillPages(_ range: Range<UInt64>) -> Int {
        var work = 0
        let first = RemotePage.number(of: range.lowerBound)
        let last = RemotePage.number(of: range.upperBound - 1)
        let end = min(last, first + SchedulerLimits.remotePagesPerMessageMax - 1)
        var position = lowerBound(first)
        for number in first...end {
            work += 1
            let start = number * pageBits
            let lower = Int(max(range.lowerBound, start) - start)
            let upper = Int(min(range.upperBound - start, pageBits))
            if position == pages.count || pages[position].number != number {
                guard pages.count < SchedulerLimits.remotePageEntriesMax else { break }
                pages.insert(RemotePage(number: number), at: position)
                mixedPages += 1
            }
            let wasMixed = !pages[position].isFull
            pages[position].set(lower..<upper)
            if wasMixed && pages[position].isFull { mixedPages -= 1 }
            if !pages[position].isFull && mixedPages > SchedulerLimits.remotePagesMax {
                pages.remove(at: position)
                mixedPages -= 1
                break
            }
            position += 1
        }
        return work
    }

    /// Adds a bitfield's bits to the one page that holds `range`.
    private mutating func merge(_ bits: ArraySlice<UInt8>, into range: Range<UInt64>) -> Int {
        guard bits.contains(where: { $0 != 0 }) else { return 0 }
        let number = RemotePage.number(of: range.lowerBound)
        let position = lowerBound(number)
        if position == pages.count || pages[position].number != number {
            guard pages.count < SchedulerLimits.remotePageEntriesMax,
                mixedPages < SchedulerLimits.remotePagesMax
            else { return 1 }
            pages.insert(RemotePage(number: number), at: position)
            mixedPages += 1
        }
        let start = pages[position].start
        let wasMixed = !pages[position].isFull
        let offsets = Int(range.lowerBound - start)..<Int(range.upperBound - start)
        if let last = pages[position].merge(bits, at: offsets) {
            length = max(length, start + UInt64(last) + 1)
        }
        if wasMixed && pages[position].isFull { mixedPages -= 1 }
        return 1
    }

    private mutating func clearPages(_ range: Range<UInt64>) -> Int {
        var work = 0
        let last = RemotePage.number(of: range.upperBound - 1)
        var position = lowerBound(RemotePage.number(of: range.lowerBound))
        let firstCleared = position
        while position < pages.count, pages[position].number <= last {
            work += 1
            let start = pages[position].start
            let lower = range.lowerBound > start ? Int(range.lowerBound - start) : 0
            let upper = Int(min(range.upperBound - start, pageBits))
            let wasFull = pages[position].isFull
            pages[position].clear(lower..<upper)
            if wasFull && !pages[position].isFull { mixedPages += 1 }
            position += 1
        }
        dropUseless(firstCleared..<position)
        return work
    }

    /// Removes pages that say nothing, and those beyond the memory bound.
    private mutating func dropUseless(_ touched: Range<Int>) {
        for position in touched.reversed() {
            let page = pages[position]
            guard !page.isFull else { continue }
            if page.isEmpty || mixedPages > SchedulerLimits.remotePagesMax {
                pages.remove(at: position)
                mixedPages -= 1
            }
        }
    }

    /// Takes pages that join on into the contiguous part, and drops those that lie inside it.
    private mutating func extendContiguous() -> Int {
        var used = 0
        while used < pages.count {
            let page = pages[used]
            let end = page.start + pageBits
            if end > contiguous {
                guard page.start <= contiguous else { break }
                let run = page.endOfRun(from: Int(contiguous - page.start))
                contiguous = max(contiguous, page.start + UInt64(run))
                if contiguous < end { break }
            }
            used += 1
        }
        mixedPages -= pages.prefix(used).count { !$0.isFull }
        pages.removeFirst(used)
        return used
    }
}
