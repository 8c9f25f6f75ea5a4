import NIOCore

/// A port on the router that leads to ours (docs/spec/nat.md 5).
extension Swarm {
    /// What the router has given.
    public struct PortMapping: Hashable, Sendable, CustomStringConvertible {
        /// Else for UDP.
        public let isTCP: Bool
        /// 1...65535; where the world connects to.
        public let externalPort: Int
        /// The router's own address, as far as it has told.
        public let externalAddress: String?
        /// Whether the world can use it: not when there is a second router above.
        public let isPublic: Bool

        /// Such as "UDP 11.22.33.44:41000".
        public var description: String {
            "\(isTCP ? "TCP" : "UDP") \(externalAddress ?? "?"):\(externalPort)"
                + (isPublic ? "" : " (behind another router)")
        }
    }

    /// What is mapped now; empty without `Configuration.portMapping`, or when the router refuses.
    public func portMappings() async -> [PortMapping] {
        let found = loop.submit {
            (self.state.value.mapper?.mappings ?? []).map { PortMapping($0) }
        }
        return (try? await found.get()) ?? []
    }

    /// On the loop, when something is announced: who only looks needs nobody to come to him.
    func startMapping() {
        // Only the wildcard faces a router; who listens on one address has chosen whom to face.
        guard configuration.portMapping, state.value.mapper == nil,
            let address = state.value.bound.first(where: { $0.host == "0.0.0.0" }),
            let port = UInt16(exactly: address.port)
        else { return }
        let mapper = PortMappingPort(loop: loop, port: port) { [unowned self] in mapped($0) }
        state.value.mapper = mapper
        mapper.start()
    }

    /// From now on others are told the router's port, or no longer.
    private func mapped(_ mappings: [PortMapper.Mapping]) {
        guard !state.value.isStopped else { return }
        state.value.mappedPort = mappings.first { !$0.isTCP && $0.isPublic }?.externalPort
        moveTables()
        handler.mapped(mappings.map { PortMapping($0) })
    }
}

extension Swarm.PortMapping {
    init(_ mapping: PortMapper.Mapping) {
        self.init(
            isTCP: mapping.isTCP, externalPort: Int(mapping.externalPort),
            externalAddress: mapping.externalAddress?.description, isPublic: mapping.isPublic)
    }
}
