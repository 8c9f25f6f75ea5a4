/// What a file is, by its name: for browsers, which are told not to guess.
struct MediaType: Sendable, Equatable {
    /// How a preview shows it.
    enum Kind: Sendable { case picture, sound, film, text, other }

    /// As in `Content-Type`.
    let name: String
    let kind: Kind

    /// By the letters behind the last point.
    init(of path: String) {
        let name = path.split(separator: "/").last ?? ""
        let end = name.contains(".") ? name.split(separator: ".").last ?? "" : ""
        let known = Self.known[end.lowercased()]
        self.name = known ?? "application/octet-stream"
        kind =
            switch known?.prefix(while: { $0 != "/" }) {
            case "image": .picture
            case "audio": .sound
            case "video": .film
            case "text": .text
            default: known == "application/json; charset=utf-8" ? .text : .other
            }
    }

    private static let known: [String: String] = [
        "avif": "image/avif", "bmp": "image/bmp", "gif": "image/gif", "ico": "image/x-icon",
        "jpeg": "image/jpeg", "jpg": "image/jpeg", "png": "image/png", "svg": "image/svg+xml",
        "webp": "image/webp",
        "aac": "audio/aac", "flac": "audio/flac", "m4a": "audio/mp4", "mp3": "audio/mpeg",
        "oga": "audio/ogg", "ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav",
        "m4v": "video/mp4", "mkv": "video/x-matroska", "mov": "video/quicktime",
        "mp4": "video/mp4", "ogv": "video/ogg", "webm": "video/webm",
        "css": "text/css; charset=utf-8", "csv": "text/csv; charset=utf-8",
        "htm": "text/html; charset=utf-8", "html": "text/html; charset=utf-8",
        "js": "text/javascript; charset=utf-8", "mjs": "text/javascript; charset=utf-8",
        "md": "text/markdown; charset=utf-8", "txt": "text/plain; charset=utf-8",
        "log": "text/plain; charset=utf-8", "xml": "text/xml; charset=utf-8",
        "c": "text/plain; charset=utf-8", "h": "text/plain; charset=utf-8",
        "py": "text/plain; charset=utf-8", "rs": "text/plain; charset=utf-8",
        "sh": "text/plain; charset=utf-8", "swift": "text/plain; charset=utf-8",
        "toml": "text/plain; charset=utf-8", "yaml": "text/plain; charset=utf-8",
        "yml": "text/plain; charset=utf-8",
        "json": "application/json; charset=utf-8", "pdf": "application/pdf",
        "wasm": "application/wasm", "woff": "font/woff", "woff2": "font/woff2",
        "ttf": "font/ttf", "otf": "font/otf",
    ]
}
