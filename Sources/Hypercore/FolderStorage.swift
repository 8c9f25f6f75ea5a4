/// A feed's files in a folder. Folder and files are made when something is written; the secret
/// key's file can be read by its owner only.
public struct FolderStorage: FeedStorage {
    private let folder: String

    /// Files in `folder`, which need not exist yet.
    public init(folder: String) { self.folder = folder }

    /// Opens `folder/NAME` to read and write.
    public func open(_ file: FeedFile, create: Bool) throws -> (any RandomAccessFile)? {
        let path = folder + "/" + file.rawValue
        if let found = try SystemCalls.open(path, create: nil) {
            return FolderFile(found, path: path, newEntries: [])
        }
        guard create else { return nil }
        let made = try makeFolder()
        guard let new = try SystemCalls.open(path, create: file == .secretKey ? 0o600 : 0o644)
        else { throw FeedError(.io, "\(path): vanished while it was made") }
        return FolderFile(new, path: path, newEntries: made + [folder])
    }

    /// Makes the folder and those above it; returns the folders that got a new entry.
    private func makeFolder() throws -> [String] {
        var changed: [String] = []
        var path = folder
        var missing: [String] = []
        while !(try SystemCalls.makeFolder(path)) {
            missing.append(path)
            guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { break }
            path = String(path[..<slash])
        }
        for path in missing.reversed() {
            guard try SystemCalls.makeFolder(path) else {
                throw FeedError(.io, "\(path): the folder cannot be made")
            }
            if let slash = path.lastIndex(of: "/") { changed.append(String(path[..<slash])) }
        }
        return changed
    }
}
