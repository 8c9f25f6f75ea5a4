import Hyperdrive

/// Folders and files of a drive, and the key of one to pass on.
extension WebSite {
    func browse(
        _ path: String, _ source: WebAccess.Source, _ session: WebAccess.Session
    ) async throws -> WebAnswer {
        let entry = try await drives.entry(path, of: source)
        let name = source.name
        guard entry.stat.kind == .directory else {
            return try await file(entry, name, source, session)
        }
        let entries = try await drives.list(path, of: source)
        let rows = entries.prefix(Limits.webEntriesMax).map { row($0, name, source) }
        let hasPage = entries.contains { $0.name == "index.html" && $0.stat.kind == .file }
        let site: HTML =
            hasPage
            ? """
            <p><a href="\(contentAddress(source, path))/" rel="noopener" target="_blank">Read \
            this folder as a web site</a> (it runs in a sandbox)</p>
            """ : ""
        let rest: HTML =
            entries.count > Limits.webEntriesMax
            ? "<p>\(entries.count - Limits.webEntriesMax) more are not shown.</p>" : ""
        let actions = try await copies(path, Self.address(name, path) + "/", source, session)
        return page(
            path == "/" ? "Drive \(name.prefix(8))" : entry.name,
            """
            \(crumbs(path, name))\(site)\(actions)\
            \(Self.table(["name", "#size", "#here", "changed"], Array(rows),
                empty: "This folder is empty."))\(rest)
            """)
    }

    /// Buttons for the local copy of what is at a path; what is our own is always here.
    private func copies(
        _ path: String, _ back: String, _ source: WebAccess.Source, _ session: WebAccess.Session
    ) async throws -> HTML {
        if try await drives.drive(source).isOwn { return "" }
        let pin = Pin(source.key, version: source.version, path: path)
        let target = "\(source.name)\(path == "/" ? "" : path)"
        let isPinned = try PinList.load(store: node.engine.configuration.store).contains(pin)
        guard !isPinned else {
            return "<p>kept here \(button("no more", .unpin, target, back, session))</p>"
        }
        return """
            <p>\(button("keep here", .pin, target, back, session)) \
            \(button("drop the copy", .evict, target, back, session))</p>
            """
    }

    private func row(_ entry: Entry, _ name: String, _ source: WebAccess.Source) -> HTML {
        let address = Self.address(name, entry.path)
        let time = entry.isImplicit ? "" : WebText.time(milliseconds: entry.stat.mtime)
        switch entry.stat.kind {
        case .directory:
            let mark = entry.mount == nil ? "" : " (a nested drive)"
            return """
                <tr><td>&#128193; <a href="\(address)/">\(HTML.text(entry.name))</a>\(mark)</td>\
                <td></td><td></td><td>\(time)</td></tr>
                """
        case .file:
            return """
                <tr><td><a href="\(address)">\(HTML.text(entry.name))</a></td><td class="n">\
                \(WebText.size(entry.stat.size))</td><td class="n">\
                \(Self.share(entry.cachedBytes, entry.stat.size))</td><td>\(time)</td></tr>
                """
        case .symlink:
            return """
                <tr><td>\(HTML.text(entry.name)) &rarr; \(HTML.text(entry.stat.linkname ?? ""))\
                </td><td></td><td></td><td>\(time)</td></tr>
                """
        case .other:
            return "<tr><td>\(HTML.text(entry.name))</td><td></td><td></td><td>\(time)</td></tr>"
        }
    }

    private static func share(_ part: UInt64, _ whole: UInt64) -> String {
        whole == 0 ? "" : "\(Int(Double(min(part, whole)) / Double(whole) * 100)) %"
    }

    private func crumbs(_ path: String, _ name: String) -> HTML {
        var address = Self.address(name, "/") + "/"
        var pieces: [HTML] = ["<a href=\"\(address)\"><code>\(String(name.prefix(8)))</code></a>"]
        for part in path.split(separator: "/") {
            address += ControlTarget.encoded(String(part)) + "/"
            pieces.append(" / <a href=\"\(address)\">\(HTML.text(String(part)))</a>")
        }
        return "<nav>\(HTML.joined(pieces)) &middot; <a href=\"/share/\(name)\">share</a></nav>"
    }

    private func file(
        _ entry: Entry, _ name: String, _ source: WebAccess.Source, _ session: WebAccess.Session
    ) async throws -> WebAnswer {
        let address = contentAddress(source, entry.path)
        let type = MediaType(of: entry.path)
        let preview: HTML
        switch type.kind {
        case .film: preview = "<video controls preload=\"metadata\" src=\"\(address)\"></video>"
        case .sound: preview = "<audio controls preload=\"metadata\" src=\"\(address)\"></audio>"
        case .picture: preview = "<img class=\"preview\" src=\"\(address)\" alt=\"\">"
        case .text: preview = try await text(entry)
        case .other: preview = ""
        }
        let actions = try await copies(
            entry.path, Self.address(name, entry.path), source, session)
        return page(
            entry.name,
            """
            \(crumbs(entry.path, name))\(actions)\
            <p>\(WebText.size(entry.stat.size)), \(type.name), \
            \(Self.share(entry.cachedBytes, entry.stat.size)) here, changed \
            \(WebText.time(milliseconds: entry.stat.mtime)) &middot; \
            <a href="\(address)?download" download>download</a></p>\(preview)
            """)
    }

    private func text(_ entry: Entry) async throws -> HTML {
        let content = try await drives.content(of: entry)
        let count = Int(min(content.size, UInt64(Limits.webPreviewBytes)))
        let bytes = try await node.engine.fetching("reading \(entry.path)") {
            try content.read(at: 0, count: count)
        }
        let more: HTML =
            content.size > UInt64(count)
            ? "<p class=\"empty\">The beginning of it.</p>" : ""
        return "<pre>\(HTML.text(String(decoding: bytes, as: UTF8.self)))</pre>\(more)"
    }

    /// The key of a drive, to be copied or photographed.
    func share(_ source: WebAccess.Source) -> WebAnswer {
        let url = "hyper://\(source.name)"
        let code: HTML = QRCode(url).map { "<p class=\"qr\">\(HTML.picture($0))</p>" } ?? ""
        return page(
            "Share",
            """
            <h2>Share this drive</h2><p>Who has this key can read the drive, for good: tell it \
            only to them.</p><p><code>\(url)</code> <button data-copy="\(url)" hidden>copy\
            </button></p>\(code)<p>Elsewhere: <code>hyperfs mount \(source.key.hex) FOLDER</code>\
            </p>
            """)
    }
}

extension WebAccess.Source {
    /// The drive and its version, as in addresses.
    fileprivate var name: String { key.hex + (version.map { "+\($0)" } ?? "") }
}
