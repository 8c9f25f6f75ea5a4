import Node

extension NetworkOptions {
    /// The same options for a node that is started for this command. Time-outs and peers of one
    /// command are not the node's: they go with its requests.
    var arguments: [String] {
        let flags = [
            ("--offline", offline), ("--no-discovery", noDiscovery), ("--no-dht", noDHT),
            ("--no-mainline", noMainline), ("--no-mdns", noMDNS),
            ("--no-port-mapping", noPortMapping), ("--no-utp", noUTP),
        ]
        let lists = [
            ("--listen", listen), ("--bootstrap", bootstrap), ("--relay", relay),
            ("--limit-up", limitUp.map { [$0] } ?? []),
            ("--limit-down", limitDown.map { [$0] } ?? []),
        ]
        return flags.filter(\.1).map(\.0)
            + lists.flatMap { name, values in values.flatMap { [name, $0] } }
    }

    /// The options of this command that a node with such a network does not follow.
    func conflicts(with node: JSONValue) -> [String] {
        let isOffline = node["offline"]?.bool ?? false
        if isOffline { return offline ? [] : ["everything of the network (it is offline)"] }
        if offline { return ["--offline"] }
        let off = [
            ("--no-mdns", noMDNS || noDiscovery, "mdns"), ("--no-dht", noDHT, "dht"),
            ("--no-mainline", noMainline, "mainline"), ("--no-utp", noUTP, "utp"),
            ("--no-port-mapping", noPortMapping, "portMapping"),
        ]
        var conflicts = off.filter { $0.1 && node[$0.2]?.bool == true }.map(\.0)
        for (name, text, member) in [
            ("--limit-up", limitUp, "limitUp"), ("--limit-down", limitDown, "limitDown"),
        ] {
            guard let text, let size = ByteSize(text) else { continue }
            if node[member]?.number != UInt64(size.bytes) { conflicts.append(name) }
        }
        for (name, values, member) in [
            ("--listen", listen, "listen"), ("--bootstrap", bootstrap, "bootstrap"),
            ("--relay", relay, "relays"),
        ] {
            let there = node[member]?.array?.compactMap(\.string) ?? []
            if !values.allSatisfy(there.contains) { conflicts.append(name) }
        }
        return conflicts
    }
}
