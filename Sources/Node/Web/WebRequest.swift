import NIOHTTP1

/// A browser's request that has come whole.
struct WebRequest: Sendable {
    let method: HTTPMethod
    /// As it came.
    let uri: String
    let target: ControlTarget
    let headers: HTTPHeaders
    /// The fields of a form; empty for none.
    let form: [String: String]

    /// Throws NodeError `.usage` for what is no path or no form.
    init(_ head: HTTPRequestHead, body: [UInt8]) throws(NodeError) {
        method = head.method
        uri = head.uri
        headers = head.headers
        target = try ControlTarget(head.uri)
        let isForm =
            headers.first(name: "content-type")?.lowercased()
            .hasPrefix("application/x-www-form-urlencoded") ?? false
        form =
            isForm && !body.isEmpty
            ? try ControlTarget("/?" + String(decoding: body, as: UTF8.self)).query : [:]
    }

    /// One value of a header.
    func header(_ name: String) -> String? { headers.first(name: name) }

    /// The path's parts; of a folder the last one is empty.
    var segments: [String] { target.segments }
}
