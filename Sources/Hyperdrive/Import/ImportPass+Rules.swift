import Glibc

/// Ignore files, counting, and finding single paths again.
extension ImportPass {
    /// The rules that hold for the whole folder: those of an ignore file given by path.
    func rootRules() throws -> IgnoreStack {
        var rules = IgnoreStack()
        guard let slash = options.ignoreFile.lastIndex(of: "/") else { return rules }
        let folder = options.ignoreFile[..<slash]
        let parent = try LocalFolder(path: folder.isEmpty ? "/" : String(folder))
        let name = String(options.ignoreFile[options.ignoreFile.index(after: slash)...])
        do {
            rules.push(try Self.rules(name, in: parent), depth: 0)
        } catch {
            throw DriveError.system("read", options.ignoreFile, error.errno)
        }
        return rules
    }

    /// The rules that hold in a folder: those above it, and its own.
    func inner(
        _ rules: IgnoreStack, names: [String], in folder: LocalFolder, path: [[UInt8]]
    ) -> IgnoreStack {
        guard names.contains(options.ignoreFile) else { return rules }
        return inner(rules, in: folder, path: path)
    }

    private func inner(_ rules: IgnoreStack, in folder: LocalFolder, path: [[UInt8]]) -> IgnoreStack
    {
        guard !options.ignoreFile.contains("/"),
            let own = try? Self.rules(options.ignoreFile, in: folder)
        else { return rules }
        var all = rules
        all.push(own, depth: path.count)
        return all
    }

    private static func rules(
        _ name: String, in folder: LocalFolder
    ) throws(LocalFault) -> IgnoreRules {
        let file = try folder.file(name)
        let count = Int(min(try file.info().size, UInt64(OwnLimits.ignoreBytesMax)))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 1)
        defer { buffer.deallocate() }
        let read = try file.read(
            at: 0, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        return IgnoreRules([UInt8](buffer[..<read]))
    }

    /// How much there is to do. Keeps nothing, so that a million files cost no memory.
    func count(
        _ folder: LocalFolder, at path: [[UInt8]], _ rules: IgnoreStack
    ) throws -> (files: Int, bytes: UInt64) {
        try checkCancelled()
        guard let names = try? folder.names().names, path.count < SpecLimits.namesMax else {
            return (0, 0)
        }
        let rules = inner(rules, names: names, in: folder, path: path)
        var sum: (files: Int, bytes: UInt64) = (0, 0)
        for name in names {
            guard let info = try? folder.info(name) else { continue }
            let path = path + [Array(name.utf8)]
            switch info.kind {
            case .file where !rules.ignores(path, isFolder: false):
                sum.files += 1
                sum.bytes += info.size
            case .directory where !rules.ignores(path, isFolder: true):
                guard let inner = try? folder.folder(name) else { continue }
                let more = try count(inner, at: path, rules)
                sum.files += more.files
                sum.bytes += more.bytes
            default: break
            }
        }
        return sum
    }

    /// Looks at one path again, and at everything below it. The folders it is in are put right,
    /// too, since their times change with what is in them.
    func refresh(_ key: String) throws {
        try checkCancelled()
        var folder = root
        var rules = inner(try rootRules(), in: root, path: [])
        var path: [[UInt8]] = []
        var parent = ""
        let names = key.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        for (i, name) in names.enumerated() {
            let here = parent.isEmpty ? name : parent + "/" + name
            let old = try drive.entry(DrivePath.path(here))
            // A file of rules changes what its whole folder shows.
            let isRules = i == names.count - 1 && name == options.ignoreFile
            if isRules {
                return try visit(
                    folder, key: parent, path: path, rules: rules, isInDrive: true)
            }
            guard i < names.count - 1, old?.mount == nil,
                let info = try? folder.info(name), info.kind == .directory,
                !rules.ignores(path + [Array(name.utf8)], isFolder: true),
                let next = try? folder.folder(name)
            else {
                return try visit(
                    name, in: folder, key: parent, path: path, rules: rules, old: old)
            }
            try putFolder(here, old: old, info)
            path.append(Array(name.utf8))
            folder = next
            parent = here
            rules = inner(rules, in: folder, path: path)
        }
    }
}
