/// A network interface of this machine, as finding peers on the LAN sees it.
struct LANInterface: Hashable, Sendable {
    /// An address and how many of its bits name the network.
    struct Subnet: Hashable, Sendable {
        let address: IPAddress
        /// 0...32 or 0...128.
        let prefixLength: Int

        /// Whether the other one is reached without a router.
        func contains(_ other: IPAddress) -> Bool {
            switch (address, other) {
            case (.v4(let own), .v4(let word)):
                let mask = prefixLength >= 32 ? .max : ~(UInt32.max >> UInt32(prefixLength))
                return (own ^ word) & mask == 0
            case (.v6(let ownHigh, let ownLow), .v6(let high, let low)):
                let first = min(prefixLength, 64)
                let second = max(0, prefixLength - 64)
                let highMask = first >= 64 ? .max : ~(UInt64.max >> UInt64(first))
                let lowMask = second >= 64 ? .max : ~(UInt64.max >> UInt64(second))
                return (ownHigh ^ high) & highMask == 0 && (ownLow ^ low) & lowMask == 0
            default: return false
            }
        }
    }

    /// One family on one interface: there is one socket for each.
    struct Link: Hashable, Sendable {
        let interface: Int32
        let isVersion6: Bool
    }

    /// The kernel's number of it.
    let index: Int32
    /// As `ip address` shows it.
    let name: String
    let isLoopback: Bool
    let subnets: [Subnet]

    /// Where packets can be sent and heard.
    var links: [Link] {
        [false, true].filter { wanted in subnets.contains { $0.address.isVersion6 == wanted } }
            .map { Link(interface: index, isVersion6: $0) }
    }

    /// Whether an address is on this network.
    func isDirect(_ address: IPAddress) -> Bool {
        if address.isLinkLocal { return !isLoopback }
        return subnets.contains { $0.contains(address) }
    }
}

extension IPAddress {
    /// 169.254.0.0/16 and fe80::/10.
    var isLinkLocal: Bool {
        switch self {
        case .v4(let word): word >> 16 == 0xa9fe
        case .v6(let high, _): high >> 54 == 0x3fa
        }
    }

    var isVersion6: Bool { if case .v6 = self { true } else { false } }

    /// 224.0.0.0/4 and ff00::/8.
    var isMulticast: Bool {
        switch self {
        case .v4(let word): word >> 28 == 0xe
        case .v6(let high, _): high >> 56 == 0xff
        }
    }

    /// 0.0.0.0 and ::.
    var isUnspecified: Bool {
        switch self {
        case .v4(let word): word == 0
        case .v6(let high, let low): high == 0 && low == 0
        }
    }
}
