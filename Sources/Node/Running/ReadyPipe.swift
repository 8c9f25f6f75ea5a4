import Glibc

/// The word of a background node to the command that has started it: ready, or why not.
public struct ReadyPipe: Sendable {
    private let descriptor: Int32

    /// The pipe under this number, which the command has passed.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// The node answers; `notes` tell what it mended.
    public func ready(notes: [String]) {
        say(["event": "ready", "notes": .array(notes.map { .string($0) })])
    }

    /// It cannot start.
    public func failed(_ error: NodeError) { say(error.json) }

    /// A command that is gone does not hear it; the node goes on.
    private func say(_ value: JSONValue) {
        let line = value.text + [UInt8(ascii: "\n")]
        _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }
}
