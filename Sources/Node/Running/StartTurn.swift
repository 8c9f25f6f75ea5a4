import Glibc

/// The right to start the node of a store: a lock beside its socket. Held by one command at a
/// time, and given back when the command drops it or ends.
public final class StartTurn: Sendable {
    private let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// nil: somebody else has it. Where there is no place for it, everybody may try.
    static func take(store: String) throws -> StartTurn? {
        guard let socket = ControlSocket.path(store: store) else { return StartTurn(-1) }
        let descriptor = open(socket + ".start", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return StartTurn(-1) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return StartTurn(descriptor)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
