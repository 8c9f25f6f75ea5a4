/// Why a connection must be dropped, or why a feed cannot be opened on it.
///
/// The other side is never told (docs/spec/hypercore-protocol.md trap 17): this is for the log.
public struct SessionError: Error, Sendable, CustomStringConvertible {
    /// One word for programs: `handshake`, `frame`, `message`, `capability`, `channel`, `flood`,
    /// `timeout` or `misuse`.
    public let code: String
    /// One sentence for people.
    public let message: String

    /// An error of a kind, with a sentence for the log.
    public init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The sentence.
    public var description: String { message }
}

extension SessionError {
    static func handshake(_ message: String) -> SessionError { .init("handshake", message) }
    static func frame(_ message: String) -> SessionError { .init("frame", message) }
    static func message(_ message: String) -> SessionError { .init("message", message) }
    static func capability(_ message: String) -> SessionError { .init("capability", message) }
    static func channel(_ message: String) -> SessionError { .init("channel", message) }
    static func flood(_ message: String) -> SessionError { .init("flood", message) }
    static func timeout(_ message: String) -> SessionError { .init("timeout", message) }
    static func misuse(_ message: String) -> SessionError { .init("misuse", message) }
}
