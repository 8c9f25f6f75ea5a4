import Hypercore

/// The files of a feed whose pair is derived from its name: the secret key is never on disk
/// (docs/spec/corestore.md section 9, trap 7).
struct NamedStorage: FeedStorage {
    let files: any FeedStorage

    func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)? {
        guard file == .secretKey else { return try files.open(file, create: create) }
        return create ? try MemoryStorage().open(file, create: true) : nil
    }
}
