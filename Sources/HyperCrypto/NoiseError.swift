/// Why a handshake failed. The connection must be dropped; nothing is sent to explain
/// (docs/spec/hypercore-protocol.md section 1.5).
public enum NoiseError: Error, Hashable, Sendable {
    /// A message came, or was asked for, when it was the other side's turn or all were through.
    case outOfTurn
    /// Fewer bytes than the keys and tags of this message need.
    case tooShort
    /// More than 65535 bytes.
    case tooLong
    /// An encrypted part is not what the remote, or anybody who knows the secrets, has sealed.
    case forged
    /// A public key for which every secret gives the same result.
    case weakKey
    /// The handshake failed before; it cannot go on.
    case failed
}

extension NoiseError: CustomStringConvertible {
    /// For the log.
    public var description: String {
        let reason =
            switch self {
            case .outOfTurn: "a message out of turn"
            case .tooShort: "a message that is too short"
            case .tooLong: "a message of more than \(SpecLimits.noiseMessageBytesMax) bytes"
            case .forged: "a message that was damaged, forged, or sealed for somebody else"
            case .weakKey: "a key that protects nothing"
            case .failed: "an earlier failure"
            }
        return "the Noise handshake ended with \(reason)"
    }
}
