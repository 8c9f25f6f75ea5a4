import HyperCrypto

/// Opening and creating (docs/spec/hypercore.md section 7).
extension FeedCore {
    /// Opens the files, makes what is missing, and recovers the length.
    static func open(
        _ storage: any FeedStorage, key given: PublicKey?, keyPair: KeyPair?, loans: Loans?,
        createIfMissing: Bool
    ) throws -> FeedCore {
        let keyFile = try storage.open(.key, create: false)
        let storedKey = PublicKey(try keyFile?.bytes(at: 0, count: 33) ?? [])
        let storedPair = try readSecret(storage)
        var pair = keyPair ?? storedPair
        let isNew = storedKey == nil && storedPair == nil
        if isNew, !createIfMissing {
            throw FeedError(.notFound, "no feed is stored here")
        }
        if isNew, given == nil, try hasPages(storage) {
            throw FeedError.corrupt(
                "a feed is stored here, but its key file is missing: put the key back to open it")
        }
        let key: PublicKey
        if let known = given ?? storedKey ?? keyPair?.publicKey ?? storedPair?.publicKey {
            key = known
        } else {
            var random = SystemRandom()
            let fresh = KeyPair(random: &random)
            pair = fresh
            key = fresh.publicKey
        }
        for other in [storedKey, storedPair?.publicKey, keyPair?.publicKey] {
            if let other, other != key {
                throw FeedError(
                    .otherFeed, "feed \(other) is stored here, not the feed \(key) that is wanted")
            }
        }
        let core = try openFiles(storage, key: key, keyPair: pair)
        if let pair, storedPair == nil {
            try writeSmall(.secretKey, pair.secretKey.withUnsafeBytes { [UInt8]($0) }, storage)
        }
        if storedKey == nil { try writeSmall(.key, key.raw.bytes, storage) }
        try core.recover(loans)
        return core
    }

    private static func readSecret(_ storage: any FeedStorage) throws -> KeyPair? {
        guard let bytes = try storage.open(.secretKey, create: false)?.bytes(at: 0, count: 65),
            bytes.count == 64
        else { return nil }
        guard let pair = KeyPair(secretKey: bytes) else {
            throw FeedError.corrupt("the stored secret key of a feed is damaged")
        }
        return pair
    }

    private static func hasPages(_ storage: any FeedStorage) throws -> Bool {
        (try storage.open(.bitfield, create: false)?.size() ?? 0) > SleepHeader.size
    }

    /// A file that is written once; synced, since without it all the others are worth nothing.
    private static func writeSmall(
        _ file: FeedFile, _ bytes: [UInt8], _ storage: any FeedStorage
    ) throws {
        guard let opened = try storage.open(file, create: true) else {
            throw FeedError(.io, "the file \(file.rawValue) cannot be made")
        }
        try opened.truncate(to: 0)
        try opened.write(bytes, at: 0)
        try opened.sync()
    }

    private static func openFiles(
        _ storage: any FeedStorage, key: PublicKey, keyPair: KeyPair?
    ) throws -> FeedCore {
        func file(_ name: FeedFile) throws -> any RandomAccessFile {
            guard let file = try storage.open(name, create: true) else {
                throw FeedError(.io, "the file \(name.rawValue) cannot be made")
            }
            return file
        }
        let tree = try file(.tree)
        let signatures = try file(.signatures)
        let bitFile = try file(.bitfield)
        try writeHeader(.tree, tree)
        try writeHeader(.signatures, signatures)
        let bits = try loadBits(bitFile, key)
        return FeedCore(
            key: key, keyPair: keyPair, storage: storage, tree: tree, signatures: signatures,
            bitfield: bitFile, bits: bits)
    }

    /// Like the reference, nothing in these two headers is believed; they are put right.
    private static func writeHeader(_ header: SleepHeader, _ file: any RandomAccessFile) throws {
        let found = try file.bytes(at: 0, count: Int(SleepHeader.size))
        if found != header.bytes { try file.write(header.bytes, at: 0) }
    }

    private static func loadBits(_ file: any RandomAccessFile, _ key: PublicKey) throws -> Bitfield
    {
        let found = try file.bytes(at: 0, count: Int(SleepHeader.size))
        let isOld = found == SleepHeader.oldBitfield.bytes
        if !isOld, found != SleepHeader.bitfield.bytes {
            guard SleepHeader.bitfield.mayBecome(from: found) else {
                throw FeedError.corrupt("the bitfield file of feed \(key) has an unknown header")
            }
            try file.write(SleepHeader.bitfield.bytes, at: 0)
        }
        let pageBytes: UInt64 = isOld ? 3328 : 3584
        var bits = Bitfield(indexBytesPerPage: isOld ? 256 : 512)
        let pages = (try file.size() - SleepHeader.size + pageBytes - 1) / pageBytes
        guard pages <= Limits.lengthMax / Limits.blocksPerPage else {
            throw FeedError.corrupt("the bitfield file of feed \(key) is too long")
        }
        var number: UInt64 = 0
        while number < pages {
            let offset = SleepHeader.size + number * pageBytes
            guard let next = try file.nextData(from: offset) else { break }
            if next > offset { number = max(number, (next - SleepHeader.size) / pageBytes) }
            let page = BitPage()
            let part = UnsafeMutableRawBufferPointer(rebasing: page.memory[..<Int(pageBytes)])
            _ = try file.read(at: SleepHeader.size + number * pageBytes, into: part)
            if !page.isZero { bits.load(page, number) }
            number += 1
        }
        bits.loaded(pages: pages)
        return bits
    }
}
