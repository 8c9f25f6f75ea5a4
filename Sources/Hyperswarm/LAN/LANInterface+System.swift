import Glibc

extension LANInterface {
    /// The interfaces of this machine that are up and carry the wanted addresses, in the kernel's
    /// order. `listening` are the addresses that peers can dial: an unspecified one stands for
    /// all; then the loopback counts only where there is nothing else.
    static func current(listening: [IPAddress]) -> [LANInterface] {
        let all = enumerate()
        let served = all.map { interface in
            interface.keeping { subnet in
                listening.contains { own in
                    own == subnet.address
                        || own.isUnspecified && own.isVersion6 == subnet.address.isVersion6
                            && !interface.isLoopback
                }
            }
        }
        let useful = served.filter { !$0.subnets.isEmpty }
        guard useful.isEmpty else { return Array(useful.prefix(Limits.LAN.interfacesMax)) }
        return all.filter(\.isLoopback).map { interface in
            interface.keeping { subnet in
                listening.contains {
                    $0.isUnspecified && $0.isVersion6 == subnet.address.isVersion6
                }
            }
        }.filter { !$0.subnets.isEmpty }
    }

    private func keeping(_ isKept: (Subnet) -> Bool) -> LANInterface {
        LANInterface(
            index: index, name: name, isLoopback: isLoopback, subnets: subnets.filter(isKept))
    }

    /// All that are up and can carry multicast; not point-to-point ones: behind a tunnel is no LAN.
    private static func enumerate() -> [LANInterface] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [LANInterface] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            let flags = Int32(bitPattern: entry.ifa_flags)
            let isUp = flags & Int32(IFF_UP) != 0
            let isLoopback = flags & Int32(IFF_LOOPBACK) != 0
            let isMulticast = flags & Int32(IFF_MULTICAST) != 0
            let isTunnel = flags & Int32(IFF_POINTOPOINT) != 0
            guard isUp, isLoopback || isMulticast && !isTunnel else { continue }
            guard let address = IPAddress(entry.ifa_addr), let mask = IPAddress(entry.ifa_netmask)
            else { continue }
            let index = Int32(bitPattern: if_nametoindex(entry.ifa_name))
            guard index > 0 else { continue }
            let bits = mask.bytes.reduce(0) { $0 + $1.nonzeroBitCount }
            let subnet = Subnet(address: address, prefixLength: bits)
            if let place = found.firstIndex(where: { $0.index == index }) {
                let subnets = found[place].subnets + [subnet]
                found[place] = LANInterface(
                    index: index, name: found[place].name, isLoopback: isLoopback,
                    subnets: Array(subnets.prefix(Limits.LAN.subnetsMax)))
            } else {
                found.append(
                    LANInterface(
                        index: index, name: String(cString: entry.ifa_name),
                        isLoopback: isLoopback, subnets: [subnet]))
            }
        }
        return found
    }
}

extension IPAddress {
    /// `nil` for other families than the two.
    fileprivate init?(_ address: UnsafeMutablePointer<sockaddr>?) {
        guard let address else { return nil }
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            self = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                .v4(UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            let bytes = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) }
            }
            let words = [bytes.prefix(8), bytes.suffix(8)].map {
                $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
            self = .v6(words[0], words[1])
        default: return nil
        }
    }
}
