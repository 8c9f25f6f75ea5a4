import Hyperdrive

/// The port that serves the files of drives, as `http://localhost:PORT/SECRET/path`: another
/// origin than the page that controls hyperfs, and sandboxed, so that what a drive's page runs
/// reaches neither the controls nor other drives nor the network.
struct WebContent: Sendable {
    let access: WebAccess
    let drives: WebDrives
    /// What a browser calls this port.
    let host: String

    /// Throws NodeError.
    func answer(_ request: WebRequest) async throws -> WebAnswer {
        guard request.header("host") == host else {
            return WebAnswer(421, type: "text/plain", "This is not \(host).\n")
        }
        guard [.GET, .HEAD].contains(request.method) else {
            return WebAnswer(405, headers: [("Allow", "GET, HEAD")])
        }
        guard let secret = request.segments.first, let source = access.source(of: secret) else {
            return WebAnswer(404, type: "text/plain", "There is nothing here.\n")
        }
        let parts = request.segments.dropFirst()
        guard !parts.contains("."), !parts.contains("..") else {
            return WebAnswer(400, type: "text/plain", "Write the path without '..'.\n")
        }
        var path = "/" + parts.filter { !$0.isEmpty }.joined(separator: "/")
        if request.segments.last?.isEmpty ?? true {
            path += path.hasSuffix("/") ? "index.html" : "/index.html"
        }
        let entry = try await drives.entry(path, of: source)
        switch entry.stat.kind {
        case .directory: return .redirect(to: "./\(entry.name)/")
        case .file: return try await serve(entry, request)
        case .symlink, .other:
            return WebAnswer(404, type: "text/plain", "This is no file.\n")
        }
    }

    private func serve(_ entry: Entry, _ request: WebRequest) async throws -> WebAnswer {
        let content = try await drives.content(of: entry)
        let tag = "\"\(entry.drive.key.hex.prefix(16))-\(entry.seq)-\(content.size)\""
        var headers = headers(for: entry, tag, request)
        if request.header("if-none-match") == tag { return WebAnswer(304, headers: headers) }
        let isSame = request.header("if-range").map { $0 == tag } ?? true
        let range = ByteRange(isSame ? request.header("range") : nil, size: content.size)
        let part: Range<UInt64>
        var status = 200
        switch range {
        case .whole: part = 0..<content.size
        case .part(let wanted):
            part = wanted
            status = 206
            headers.append(
                (
                    "Content-Range",
                    "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(content.size)"
                ))
        case .unsatisfiable:
            return WebAnswer(
                416, headers: headers + [("Content-Range", "bytes */\(content.size)")])
        }
        let drives = drives
        let path = entry.path
        return WebAnswer(status, length: UInt64(part.count), headers: headers) { stream in
            try await drives.send(part, of: content, named: path, to: stream)
        }
    }

    private func headers(
        for entry: Entry, _ tag: String, _ request: WebRequest
    ) -> [(name: String, value: String)] {
        let own = "http://\(host)"
        var headers: [(name: String, value: String)] = [
            ("Content-Type", MediaType(of: entry.path).name), ("ETag", tag),
            ("Accept-Ranges", "bytes"), ("Cache-Control", "private, no-cache"),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            // Its own files, by their secret address, and nothing else in the world.
            (
                "Content-Security-Policy",
                "sandbox allow-scripts allow-popups allow-modals; default-src \(own) data: blob: "
                    + "'unsafe-inline' 'unsafe-eval'; base-uri \(own); form-action 'none'"
            ),
            // Whoever knows the address may embed it: scripts of the drive's own pages, whose
            // origin is none, and the preview.
            ("Access-Control-Allow-Origin", "*"), ("Cross-Origin-Resource-Policy", "cross-origin"),
        ]
        if request.target.query["download"] != nil {
            let name = ControlTarget.encoded(entry.name)
            headers.append(("Content-Disposition", "attachment; filename*=UTF-8''\(name)"))
        }
        return headers
    }
}
