/// What a browser gets.
struct WebAnswer: Sendable {
    /// Bytes as they come, through `ControlStream`.
    typealias Body = @Sendable (any ControlStream) async throws -> Void

    var status: Int
    var headers: [(name: String, value: String)]
    /// `nil` for none.
    var body: Body?
    /// Bytes of the body, if they are known.
    var length: UInt64?

    /// All of it at once.
    init(
        _ status: Int = 200, type: String, _ text: String,
        headers: [(name: String, value: String)] = []
    ) {
        let bytes = Array(text.utf8)
        self.status = status
        self.headers = headers + [("Content-Type", type)]
        length = UInt64(bytes.count)
        body = { try await $0.send(bytes) }
    }

    /// As it comes.
    init(
        _ status: Int, length: UInt64, headers: [(name: String, value: String)],
        body: @escaping Body
    ) {
        self.status = status
        self.headers = headers
        self.length = length
        self.body = body
    }

    /// Nothing but a head.
    init(_ status: Int, headers: [(name: String, value: String)]) {
        self.status = status
        self.headers = headers
        length = status == 304 ? nil : 0
    }

    /// To another page of ours.
    static func redirect(to path: String, cookie: String? = nil) -> WebAnswer {
        WebAnswer(
            303, headers: [("Location", path)] + (cookie.map { [("Set-Cookie", $0)] } ?? []))
    }

    /// For the connection; without the bytes when only the head was asked for.
    func control(isHeadOnly: Bool) -> ControlAnswer {
        var headers = headers
        if let length { headers.append(("Content-Length", String(length))) }
        let body = isHeadOnly ? nil : body
        return .bytes(ControlHead(status: status, headers: headers)) { stream in
            if let body { try await body(stream) }
        }
    }
}
