/// What this program is called, and which one it is.
public enum Product {
    /// Of this build.
    public static let version = "0.1.0"
    /// As in the `Server` header of the control socket.
    static let userAgent = "hyperfs/\(version)"
}
