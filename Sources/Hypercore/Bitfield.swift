/// Which blocks and which tree nodes are stored: the bitfield file in memory
/// (docs/spec/hypercore.md sections 5.7, 5.8 and 6).
///
/// Pages exist only where a bit was ever set, so memory follows what was touched and never what a
/// peer claims. Bit 0 of a byte is its top bit.
struct Bitfield {
    /// Bytes of the index section of a page: 512, or 256 in very old folders.
    let indexBytesPerPage: UInt64
    /// 1 + the highest page ever touched for writing, even by a write that changed nothing.
    private(set) var pageCount: UInt64 = 0
    /// 1 + the highest index byte ever changed; whole pages right after loading.
    var indexLength: UInt64 = 0
    /// 1 + the highest byte of tree bits ever changed; whole pages right after loading.
    private(set) var treeBytes: UInt64 = 0

    private var near: [BitPage?] = []
    private var far: [UInt64: BitPage] = [:]
    private(set) var dirtyPages: [UInt64] = []

    init(indexBytesPerPage: UInt64 = 512) { self.indexBytesPerPage = indexBytesPerPage }

    /// Bits of the tree up to the end of the last page: a bound for loops.
    var treeBitLength: UInt64 { pageCount * Limits.blocksPerPage * 2 }

    /// Data bits up to the end of the last page.
    var blockBitLength: UInt64 { pageCount * Limits.blocksPerPage }

    // MARK: Data bits

    func hasBlock(_ block: UInt64) -> Bool {
        guard let page = page(block >> 13) else { return false }
        return page.memory[Int(block >> 3) & 1023] & (0x80 >> UInt8(block & 7)) != 0
    }

    /// Sets or clears the bit of a block and mends the index. Whether it changed.
    @discardableResult mutating func setBlock(_ block: UInt64, _ stored: Bool) -> Bool {
        let page = pageForWriting(block >> 13)
        let at = Int(block >> 3) & 1023
        let mask: UInt8 = 0x80 >> UInt8(block & 7)
        let old = page.memory[at]
        let new = stored ? old | mask : old & ~mask
        guard new != old else { return false }
        page.memory[at] = new
        markDirty(page, block >> 13)
        dataByteChanged(block >> 3, to: new)
        return true
    }

    // MARK: Tree bits

    func hasNode(_ node: UInt64) -> Bool {
        guard let page = page(node >> 14) else { return false }
        return page.memory[BitPage.treeStart + (Int(node >> 3) & 2047)]
            & (0x80 >> UInt8(node & 7)) != 0
    }

    /// Marks a node, and each parent whose children are both marked by now (section 6).
    mutating func setNode(_ node: UInt64) {
        var next = node
        while changeNode(next, true), hasNode(FlatTree.sibling(next)) {
            next = FlatTree.parent(next)
        }
    }

    /// Sets or clears the bit of one node. Whether it changed.
    @discardableResult mutating func changeNode(_ node: UInt64, _ stored: Bool) -> Bool {
        let page = pageForWriting(node >> 14)
        let at = BitPage.treeStart + (Int(node >> 3) & 2047)
        let mask: UInt8 = 0x80 >> UInt8(node & 7)
        let old = page.memory[at]
        let new = stored ? old | mask : old & ~mask
        guard new != old else { return false }
        page.memory[at] = new
        treeBytes = max(treeBytes, (node >> 3) + 1)
        markDirty(page, node >> 14)
        return true
    }

    // MARK: Index bytes

    func indexByte(_ number: UInt64) -> UInt8 {
        guard let page = page(number / indexBytesPerPage) else { return 0 }
        return page.memory[BitPage.indexStart + Int(number % indexBytesPerPage)]
    }

    /// Whether the byte changed.
    mutating func setIndexByte(_ number: UInt64, _ value: UInt8) -> Bool {
        guard indexByte(number) != value else { return false }
        let page = pageForWriting(number / indexBytesPerPage)
        page.memory[BitPage.indexStart + Int(number % indexBytesPerPage)] = value
        markDirty(page, number / indexBytesPerPage)
        indexLength = max(indexLength, number + 1)
        return true
    }

    // MARK: Pages

    func page(_ number: UInt64) -> BitPage? {
        if number < UInt64(near.count) { return near[Int(number)] }
        return far.isEmpty ? nil : far[number]
    }

    /// Numbers of the pages in memory from `first` on, in order.
    func pageNumbers(from first: UInt64) -> [UInt64] {
        var numbers: [UInt64] = []
        for number in first..<max(first, UInt64(near.count)) where near[Int(number)] != nil {
            numbers.append(number)
        }
        return numbers + far.keys.filter { $0 >= first }.sorted()
    }

    private mutating func pageForWriting(_ number: UInt64) -> BitPage {
        if number >= pageCount { pageCount = number + 1 }
        if let found = page(number) { return found }
        let new = BitPage()
        insert(new, number)
        return new
    }

    private mutating func insert(_ page: BitPage, _ number: UInt64) {
        guard number < Limits.nearPages else {
            far[number] = page
            return
        }
        while UInt64(near.count) <= number { near.append(nil) }
        near[Int(number)] = page
    }

    // MARK: Disk

    /// Takes over a page read from the disk.
    mutating func load(_ page: BitPage, _ number: UInt64) { insert(page, number) }

    /// Ends loading: everything is as long as the pages of the file.
    mutating func loaded(pages: UInt64) {
        pageCount = pages
        indexLength = pages * indexBytesPerPage
        treeBytes = pages * 2048
    }

    mutating func markDirty(_ page: BitPage, _ number: UInt64) {
        guard !page.isDirty else { return }
        page.isDirty = true
        dirtyPages.append(number)
    }

    /// Copies of all dirty pages as they go to the disk; they count as clean from now on.
    mutating func takeDirty() -> [(number: UInt64, bytes: [UInt8])] {
        let count = BitPage.indexStart + Int(indexBytesPerPage)
        let numbers = dirtyPages.sorted()
        dirtyPages = []
        return numbers.compactMap { number in
            guard let page = page(number) else { return nil }
            page.isDirty = false
            return (number, Array(page.memory[..<count]))
        }
    }

    /// The pages could not be written after all.
    mutating func markDirtyAgain(_ numbers: [UInt64]) {
        for number in numbers {
            if let page = page(number) { markDirty(page, number) }
        }
    }
}
