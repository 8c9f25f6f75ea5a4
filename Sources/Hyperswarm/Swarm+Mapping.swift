import NIOCore

/// A port on the router that leads to ours (docs/spec/nat.md 5).
extension Swarm {
    /// What the router has given.
    public struct PortMapping: Hashable, Sendable {
        /// Else for UDP.
        public let isTCP: Bool
        /// 1...65535; where the world connects to.
        public let externalPort: Int
        /// The router's own address, as far as it has told.
        public let externalAddress: String?
        /// Whether the world can use it: not when there is a second router above.
        public let isPublic: Bool
    }

    /// What is mapped now; empty without `Configuration.portMapping`, or when the router refuses.
    public func portMappings() async -> [PortMapping] {
        let found = loop.submit {
            (self.state.value.mapper?.mappings ?? []).map {
                PortMapping(
                    isTCP: $0.isTCP, externalPort: Int($0.externalPort),
                    externalAddress: $0.externalAddress?.description, isPublic: $0.isPublic)
            }
        }
        return (try? await found.get()) ?? []
    }

    /// On the loop, when everything is bound.
    func startMapping() {
        // Only the wildcard faces a router; who listens on one address has chosen whom to face.
        guard configuration.portMapping, state.value.mapper == nil,
            let address = state.value.bound.first(where: { $0.host == "0.0.0.0" }),
            let port = UInt16(exactly: address.port)
        else { return }
        let mapper = PortMappingPort(loop: loop, port: port) { _ in }
        state.value.mapper = mapper
        mapper.start()
    }
}
