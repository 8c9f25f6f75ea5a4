/// The two secrets of 32 bytes that a finished handshake leaves: one for each direction
/// (docs/spec/hypercore-protocol.md section 1.4).
public struct TransportKeys: Sendable {
    /// Encrypts what this side sends.
    public let tx: SecureBytes

    /// Decrypts what this side receives.
    public let rx: SecureBytes

    /// Both keys; each has 32 bytes.
    public init(tx: SecureBytes, rx: SecureBytes) {
        precondition(tx.count == 32 && rx.count == 32, "transport keys have 32 bytes")
        self.tx = tx
        self.rx = rx
    }
}
