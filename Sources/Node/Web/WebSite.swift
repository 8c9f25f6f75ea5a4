import HyperCrypto
import Hyperdrive
import NIOCore

/// The pages that show and control hyperfs, as `http://127.0.0.1:PORT/`. Whoever has no session
/// from `hyperfs web` sees nothing; a request that another page has made does nothing.
struct WebSite: Sendable {
    let node: StoreNode
    let access: WebAccess
    let drives: WebDrives
    let rates: RateHistory
    /// What a browser calls this port, and the one with the files.
    let host: String
    let contentHost: String

    /// Throws NodeError.
    func answer(_ request: WebRequest) async throws -> WebAnswer {
        // A name that leads to 127.0.0.1 today (DNS rebinding) is not ours.
        guard request.header("host") == host else {
            return WebAnswer(421, type: "text/plain", "This is not \(host).\n")
        }
        if let ticket = request.target.query["ticket"], request.segments == [""] {
            return enter(ticket, to: request.target.query["to"] ?? "/")
        }
        switch request.segments {
        case ["style.css"]: return WebAnswer(type: "text/css; charset=utf-8", WebAssets.style)
        case ["script.js"]:
            return WebAnswer(type: "text/javascript; charset=utf-8", WebAssets.script)
        case ["icon.svg"]: return WebAnswer(type: "image/svg+xml", WebAssets.icon)
        default: break
        }
        guard let session = access.session(request.header("cookie")) else {
            return page(
                "Who are you?", status: 401,
                """
                <p>This address is good for one browser and one time. Run \
                <code>hyperfs web</code> for a new one.</p>
                """)
        }
        if request.method == .POST { return try await act(request, session) }
        guard [.GET, .HEAD].contains(request.method) else {
            return WebAnswer(405, headers: [("Allow", "GET, HEAD, POST")])
        }
        return try await show(request, session)
    }

    private func show(_ request: WebRequest, _ session: WebAccess.Session) async throws -> WebAnswer
    {
        let segments = request.segments
        switch segments.first {
        case "" where segments.count == 1: return try await home(session)
        case "live": return secured(WebAnswer(type: Self.html, try await live(session).source))
        case "open":
            let text = request.target.query["drive"]?.trimmingPrefix { $0 == " " } ?? ""
            let reference = try DriveReference(String(text))
            let key = try node.engine.key(of: reference)
            let version = reference.version.map { "+\($0)" } ?? ""
            return .redirect(
                to: Self.address(key.hex + version, reference.path) + "/")
        case "share" where segments.count == 2:
            return share(try source(segments[1]))
        case "drive" where segments.count >= 2:
            let source = try source(segments[1])
            guard segments.count > 2 else {
                return .redirect(to: request.target.path + "/")
            }
            let parts = segments.dropFirst(2)
            guard !parts.contains(".."), !parts.contains(".") else {
                throw NodeError(.usage, "a path with '..'", hint: "go up by the links")
            }
            let path = "/" + parts.filter { !$0.isEmpty }.joined(separator: "/")
            return try await browse(path, source, session)
        default:
            return page(
                "Not found", status: 404, "<p>There is no <code>\(request.target.path)</code>.</p>")
        }
    }

    /// A ticket is used up, and its address leaves the browser's history.
    private func enter(_ ticket: String, to path: String) -> WebAnswer {
        guard let session = access.redeem(ticket, now: .now()) else {
            return page(
                "Too late", status: 401,
                """
                <p>This address was used before, or is too old. Run <code>hyperfs web</code> \
                for a new one.</p>
                """)
        }
        return .redirect(
            to: Self.isOwn(path) ? path : "/",
            cookie: "\(WebAccess.cookie)=\(session.id); HttpOnly; SameSite=Strict; Path=/")
    }

    /// What a form asks for, through the same door as every command.
    private func act(_ request: WebRequest, _ session: WebAccess.Session) async throws -> WebAnswer
    {
        let origin = request.header("origin")
        guard request.form["secret"] == session.formSecret,
            origin == nil || origin == "http://\(host)"
        else {
            return page(
                "Refused", status: 403, "<p>That form was not of this page. Load it anew.</p>")
        }
        guard let name = request.form["action"], let action = WebAction(rawValue: name) else {
            return page("Refused", status: 400, "<p>There is no such action.</p>")
        }
        try await action.perform(request.form["target"] ?? "", in: node)
        let back = request.form["back"] ?? "/"
        return .redirect(to: Self.isOwn(back) ? back : "/")
    }

    /// Whether a path leads to ourselves: `//host` and `/\host` would be another's.
    private static func isOwn(_ path: String) -> Bool {
        path.hasPrefix("/") && !path.hasPrefix("//") && !path.hasPrefix("/\\")
            && path.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    func source(_ text: String) throws(NodeError) -> WebAccess.Source {
        let reference = try DriveReference(text)
        return WebAccess.Source(
            key: try node.engine.key(of: reference), version: reference.version)
    }

    /// The address of a page about a path in a drive, without a slash at the end.
    static func address(_ drive: String, _ path: String) -> String {
        let parts = path.split(separator: "/").map { ControlTarget.encoded(String($0)) }
        return (["/drive", ControlTarget.encoded(drive)] + parts).joined(separator: "/")
    }

    /// Where the bytes of a path are.
    func contentAddress(_ source: WebAccess.Source, _ path: String) -> String {
        let parts = path.split(separator: "/").map { ControlTarget.encoded(String($0)) }
        return (["http://\(contentHost)", access.secret(of: source)] + parts)
            .joined(separator: "/")
    }
}

// MARK: - The frame of a page

extension WebSite {
    static let html = "text/html; charset=utf-8"

    /// A whole page.
    func page(_ title: String, status: Int = 200, _ body: HTML, refreshes: Bool = false)
        -> WebAnswer
    {
        let refresh: HTML =
            refreshes
            ? "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>" : ""
        let text: HTML = """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>\(title) - hyperfs\
            </title><meta name="viewport" content="width=device-width">\(refresh)\
            <link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/style.css">\
            <script src="/script.js" defer></script></head><body><header><h1>\
            <a href="/">hyperfs</a></h1></header>\(body)</body></html>

            """
        return secured(WebAnswer(status, type: Self.html, text.source))
    }

    /// A failure, in words.
    func page(_ error: NodeError) -> WebAnswer {
        page(
            "That failed", status: error.httpStatus,
            "<h2>\(error.message)</h2><p>\(error.hint)</p>")
    }

    /// Nothing from elsewhere, no frame around, no guessing, nothing kept.
    private func secured(_ answer: WebAnswer) -> WebAnswer {
        var answer = answer
        let files = "http://\(contentHost)"
        answer.headers += [
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
                    + "img-src 'self' \(files); media-src \(files); form-action 'self'; "
                    + "base-uri 'none'; frame-ancestors 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"), ("Cache-Control", "no-store"),
        ]
        return answer
    }
}
