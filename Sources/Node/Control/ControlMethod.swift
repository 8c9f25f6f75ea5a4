/// What a request does to what its path names.
public enum ControlMethod: String, Sendable, CaseIterable {
    /// Looks.
    case get = "GET"
    /// Makes, or lets happen.
    case post = "POST"
    /// Sets.
    case put = "PUT"
    /// Ends or removes.
    case delete = "DELETE"
}
