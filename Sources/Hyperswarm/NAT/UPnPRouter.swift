import CMiniUPnP

/// The default gateway as UPnP shows it, through libminiupnpc. Every call blocks for seconds.
struct UPnPRouter: Sendable {
    private let service: cminiupnp_service
    /// Our address on its network.
    private let client: IPAddress

    /// Whether the library was there when this was built.
    static var isBuiltIn: Bool { cminiupnp_is_there() != 0 }

    /// Looks for it; `nil` when it does not speak UPnP. Devices other than the gateway are not
    /// asked anything, whatever they call themselves.
    init?(gateway: IPAddress, client: IPAddress) {
        var text = [CChar](repeating: 0, count: Limits.PortMapping.descriptionsBytes)
        let wait = CInt(Limits.PortMapping.upnpWait.nanoseconds / 1_000_000)
        guard cminiupnp_discover(client.description, wait, &text, text.count) > 0 else {
            return nil
        }
        let lines = Self.string(text).split(separator: "\n").map(String.init)
        for url in Set(lines).sorted() where Self.host(of: url) == gateway {
            var service = cminiupnp_service()
            guard cminiupnp_describe(url, &service) != 0 else { continue }
            // A description may point anywhere.
            let control = withUnsafeBytes(of: service.control_url) { Self.string($0) }
            guard Self.host(of: control) == gateway else { continue }
            self.service = service
            self.client = client
            return
        }
        return nil
    }

    /// The address that the world sees.
    var externalAddress: IPAddress? {
        var text = [CChar](repeating: 0, count: 64)
        let failure = withUnsafePointer(to: service) { cminiupnp_external_address($0, &text) }
        return failure == 0 ? IPAddress(Self.string(text)) : nil
    }

    func add(
        isTCP: Bool, internalPort: UInt16, externalPort: UInt16, leaseSeconds: UInt32
    ) -> UPnPMapper.Answer {
        withMapping(isTCP, internalPort, externalPort, leaseSeconds) { cminiupnp_add($0, $1) }
    }

    func remove(isTCP: Bool, externalPort: UInt16) -> UPnPMapper.Answer {
        withMapping(isTCP, 0, externalPort, 0) { cminiupnp_delete($0, $1) }
    }

    private func withMapping(
        _ isTCP: Bool, _ internalPort: UInt16, _ externalPort: UInt16, _ leaseSeconds: UInt32,
        _ call: (UnsafePointer<cminiupnp_service>, UnsafePointer<cminiupnp_mapping>) -> CInt
    ) -> UPnPMapper.Answer {
        let code = withUnsafePointer(to: service) { service in
            String(externalPort).withCString { external in
                String(internalPort).withCString { own in
                    client.description.withCString { client in
                        (isTCP ? "TCP" : "UDP").withCString { kind in
                            String(leaseSeconds).withCString { lease in
                                var mapping = cminiupnp_mapping(
                                    external_port: external, internal_port: own, client: client,
                                    protocol: kind, lease_seconds: lease)
                                return call(service, &mapping)
                            }
                        }
                    }
                }
            }
        }
        return code == 0 ? .done : code > 0 ? .refused(Int(code)) : .silence
    }

    /// The host of `http://a.b.c.d[:port]/...`; names are nobody's gateway.
    static func host(of url: String) -> IPAddress? {
        guard url.lowercased().hasPrefix("http://") else { return nil }
        let authority = url.dropFirst("http://".count).prefix { !"/?#".contains($0) }
        // No user, no IPv6.
        return IPAddress(String(authority.prefix { $0 != ":" }))
    }

    private static func string(_ bytes: some Sequence<CChar>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func string(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
