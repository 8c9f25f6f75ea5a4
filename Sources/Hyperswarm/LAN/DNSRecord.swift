/// A resource record of multicast DNS.
struct DNSRecord: Hashable, Sendable {
    /// Types of records by their number (RFC 1035, 2782, 3596).
    enum Kind {
        static let a: UInt16 = 1
        static let txt: UInt16 = 16
        static let aaaa: UInt16 = 28
        static let srv: UInt16 = 33
        static let any: UInt16 = 255
    }

    /// What it says.
    enum Content: Hashable, Sendable {
        case a(IPAddress)
        case aaaa(IPAddress)
        case txt([[UInt8]])
        case srv(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName)
        /// Of a type that is none of ours, or malformed.
        case other(kind: UInt16, [UInt8])
    }

    var name: DNSName
    /// The upper bit is the cache flush bit of RFC 6762.
    var group: UInt16 = 1
    /// Seconds.
    var timeToLive: UInt32 = 0
    var content: Content

    /// The number of the type.
    var kind: UInt16 {
        switch content {
        case .a: Kind.a
        case .aaaa: Kind.aaaa
        case .txt: Kind.txt
        case .srv: Kind.srv
        case .other(let kind, _): kind
        }
    }
}
