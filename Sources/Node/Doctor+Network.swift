import Hyperswarm

/// What is to be made of a diagnosis.
extension Doctor {
    static func listening(_ addresses: [Swarm.Address]) -> Finding {
        let others = addresses.filter { $0.host != "127.0.0.1" && $0.host != "::1" }
        guard let first = others.first else {
            return Finding(
                "listen", .warning, "only this machine can connect to us",
                hint: "no network interface is up, or --listen names the loopback")
        }
        return Finding("listen", .ok, "TCP and UDP, on \(first) and \(addresses.count - 1) others")
    }

    static func lan(_ diagnosis: Swarm.Diagnosis) -> Finding {
        guard let lan = diagnosis.lan else {
            return Finding("lan", .skipped, "the local network is not searched (--no-mdns)")
        }
        guard lan.links > 0 else {
            return Finding(
                "lan", .warning, "no interface for multicast",
                hint: "is a network up, and UDP port 5353 free to share? See 'ss -ulpn'")
        }
        guard lan.echoes > 0 else {
            return Finding(
                "lan", .warning, "multicast does not come back to us on \(lan.links) links",
                hint: "a firewall may stop UDP port 5353; allow mDNS in it")
        }
        return Finding("lan", .ok, "multicast works on \(lan.links) links")
    }

    static func dht(_ diagnosis: Swarm.Diagnosis, _ configuration: Swarm.Configuration) -> Finding {
        guard let dht = diagnosis.dht else {
            return Finding("dht", .skipped, "our DHT is not used (--no-dht)")
        }
        if dht.nodes > 0 { return Finding("dht", .ok, "\(dht.nodes) nodes of our DHT known") }
        if dht.asked > 0 {
            return Finding(
                "dht", .failed, "none of the entry points of our DHT answers by UDP",
                hint: "check --bootstrap, and whether a firewall stops UDP to it")
        }
        return Finding(
            "dht", .warning, "no entry point of our DHT is known",
            hint: configuration.mainline
                ? "name one with --bootstrap HOST:PORT; 'hyperfs bootstrap' runs one"
                : "name one with --bootstrap HOST:PORT, or leave Mainline on to find one")
    }

    static func mainline(_ diagnosis: Swarm.Diagnosis) -> Finding {
        guard let mainline = diagnosis.mainline else {
            return Finding("mainline", .skipped, "BitTorrent's DHT is not used (--no-mainline)")
        }
        guard mainline.nodes > 0 else {
            return Finding(
                "mainline", .warning, "BitTorrent's DHT does not answer",
                hint: "is there internet, DNS, and UDP? Try 'getent hosts router.bittorrent.com'")
        }
        return Finding("mainline", .ok, "\(mainline.nodes) nodes of BitTorrent's DHT known")
    }

    /// Two that agree are believed as they are; one of them alone as well.
    static func nat(_ diagnosis: Swarm.Diagnosis) -> Finding {
        let told = [diagnosis.dht, diagnosis.mainline].compactMap { $0?.ownAddress }
        if told.contains(where: { if case .symmetric = $0 { true } else { false } }) {
            return Finding(
                "nat", .warning, "behind a symmetric NAT: every destination sees another port",
                hint: "peers behind strict NATs stay out of reach: forward a port on the router to"
                    + " --listen, or name a relay on both sides with --relay")
        }
        for case .stable(let endpoint) in told {
            let isOurs = diagnosis.bound.contains { $0.host == endpoint.ip.description }
            return Finding(
                "nat", .ok,
                isOurs
                    ? "no NAT: others see us at \(endpoint)"
                    : "others see us at \(endpoint), whomever we ask: holes can be punched")
        }
        return Finding(
            "nat", .skipped, "nobody has told us how the world sees us",
            hint: "two nodes of a DHT must answer for that")
    }

    static func router(
        _ mappings: [Swarm.PortMapping], _ configuration: Swarm.Configuration,
        _ addresses: [Swarm.Address]
    ) -> Finding {
        guard configuration.portMapping else {
            return Finding("router", .skipped, "the router is not asked (--no-port-mapping)")
        }
        let useful = mappings.filter(\.isPublic).map(\.description)
        if !useful.isEmpty {
            return Finding("router", .ok, "leads to us: \(useful.joined(separator: ", "))")
        }
        if let mapping = mappings.first {
            return Finding(
                "router", .warning, "leads a port to us, but has no public address: \(mapping)",
                hint: "there is a second NAT above it; holes must be punched")
        }
        return Finding(
            "router", .warning, "no router gave us a port by PCP, NAT-PMP or UPnP",
            hint: "not needed where holes can be punched; else allow UPnP or forward a port")
    }
}
