import NIOCore

extension Swarm {
    /// Where a peer listens: a host (IPv4, IPv6 or a name) and a port.
    public struct Address: Hashable, Sendable, CustomStringConvertible {
        /// Without brackets.
        public var host: String
        /// 0...65535; 0 only where any free port will do.
        public var port: Int

        /// An address that is known to be well formed.
        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        /// `host:port` or `[v6]:port`; `nil` when malformed.
        public init?(_ text: String) {
            let host: Substring
            let port: Substring
            if text.hasPrefix("[") {
                guard let bracket = text.firstIndex(of: "]") else { return nil }
                host = text[text.index(after: text.startIndex)..<bracket]
                let rest = text[text.index(after: bracket)...]
                guard rest.hasPrefix(":"), host.contains(":") else { return nil }
                guard host.utf8.allSatisfy(Self.isPartOfVersion6) else { return nil }
                port = rest.dropFirst()
            } else {
                let parts = text.split(separator: ":", omittingEmptySubsequences: false)
                guard parts.count == 2 else { return nil }
                host = parts[0]
                port = parts[1]
                guard host.utf8.allSatisfy(Self.isPartOfName) else { return nil }
            }
            guard !host.isEmpty, host.utf8.count <= 253 else { return nil }
            guard !port.isEmpty, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                return nil
            }
            guard let number = Int(port), number <= 65535 else { return nil }
            self.init(host: String(host), port: number)
        }

        /// From a socket's address; `nil` for Unix sockets. IPv4 in IPv6 clothes is undressed.
        init?(_ address: SocketAddress?) {
            guard let host = address?.ipAddress, let port = address?.port else { return nil }
            let mapped = "::ffff:"
            let isMapped = host.hasPrefix(mapped) && host.contains(".")
            self.init(host: isMapped ? String(host.dropFirst(mapped.count)) : host, port: port)
        }

        /// As `init(_:)` reads it.
        public var description: String {
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }

        private static func isPartOfName(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }

        /// Also the zone of a link-local address, as in `fe80::1%eth0`.
        private static func isPartOfVersion6(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%") || isPartOfName(byte)
        }
    }
}
