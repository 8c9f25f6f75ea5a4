import CFuse
import Glibc

/// libfuse's session.
///
/// `@unchecked Sendable`: libfuse takes its own lock in what is called through it from here, and
/// the mount ends that thread before it destroys the session.
struct SessionPointer: @unchecked Sendable {
    let raw: OpaquePointer?
}

/// FUSE_NOTIFY_PRUNE, which is younger than the libfuse of most systems: the kernel drops the names
/// of nodes that nobody uses, and nothing else.
///
///     bytes  0..<4    length of the message
///            4..<8    9, the code
///            8..<16   0
///           16..<20   number of nodes
///           20..<32   0
///           32...     the nodes, 8 bytes each
extension SessionPointer {
    private static let code: Int32 = 9

    /// False when the kernel does not know how.
    func prune(_ nodes: [UInt64]) -> Bool {
        guard let raw else { return true }
        var rest = nodes[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Limits.prunedNodes)
            rest = rest.dropFirst(batch.count)
            var message: [UInt64] = [
                UInt64(32 + 8 * batch.count) | UInt64(Self.code) << 32, 0, UInt64(batch.count), 0,
            ]
            message += batch
            let file = fuse_session_fd(raw)
            let sent = message.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            guard sent == message.count * 8 else { return false }
        }
        return true
    }
}
