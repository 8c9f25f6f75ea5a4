/// What a node knows of how the world sees it (docs/spec/dht.md section 9).
public enum DHTOwnAddress: Hashable, Sendable {
    /// Too few have told yet, or they disagree.
    case unknown
    /// Everybody sees us there: peers can be told, and a hole can be punched.
    case stable(Endpoint)
    /// Everybody sees this host, but each another port: a symmetric NAT.
    case symmetric(IPAddress)

    /// Whether others can open a connection to us with some help.
    public var isHolepunchable: Bool { if case .stable = self { true } else { false } }

    /// The host, if it is known.
    public var ip: IPAddress? {
        switch self {
        case .unknown: nil
        case .stable(let endpoint): endpoint.ip
        case .symmetric(let ip): ip
        }
    }
}
