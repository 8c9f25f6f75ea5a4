import ArgumentParser

extension NetworkOptions {
    /// What stands behind `-o` is as good as the long option. Throws ValidationError for a value
    /// that is none.
    mutating func take(_ list: MountOptionList) throws {
        Self.add(list.values["peer"], to: &peer)
        Self.add(list.values["listen"], to: &listen)
        Self.add(list.values["bootstrap"], to: &bootstrap)
        Self.add(list.values["relay"], to: &relay)
        limitUp = list.values["limit-up"]?.last ?? limitUp
        limitDown = list.values["limit-down"]?.last ?? limitDown
        offline = offline || list.flags.contains("offline")
        noDiscovery = noDiscovery || list.flags.contains("no-discovery")
        noDHT = noDHT || list.flags.contains("no-dht")
        noMainline = noMainline || list.flags.contains("no-mainline")
        noMDNS = noMDNS || list.flags.contains("no-mdns")
        noPortMapping = noPortMapping || list.flags.contains("no-port-mapping")
        noUTP = noUTP || list.flags.contains("no-utp")
        if let text = list.values["timeout"]?.last {
            guard let seconds = Double(text) else {
                throw ValidationError("-o timeout=\(text) is not a number of seconds")
            }
            timeout = seconds
        }
        try validate()
    }

    /// The parser validates more than once.
    private static func add(_ values: [String]?, to all: inout [String]) {
        all += (values ?? []).filter { !all.contains($0) }
    }
}
