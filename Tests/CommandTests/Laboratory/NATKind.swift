/// How a router translates addresses (docs/spec/nat.md 1).
enum NATKind: String, CaseIterable, Sendable {
    /// None: the host stands on the outside network.
    case open = "public"
    /// Whatever comes to a mapping is let in.
    case fullCone = "full cone"
    /// Only hosts that were sent to.
    case addressRestricted = "address-restricted"
    /// Only hosts and ports that were sent to.
    case portRestricted = "port-restricted"
    /// The same, and another outside port for each that is sent to.
    case symmetric = "symmetric"

    /// Rules for nft(8), as docs/spec/nat.md 2 has them.
    var rules: String {
        """
        table ip lab {
          map fc { type inet_service : ipv4_addr; flags dynamic,timeout; timeout 120s; }
          set seen { type ipv4_addr . inet_service; flags dynamic,timeout; timeout 120s; }
          chain fwdc { type filter hook forward priority 0; policy drop;
            oifname "wan" meta l4proto udp update @fc { udp sport : ip saddr }
            oifname "wan" meta l4proto udp update @seen { ip daddr . udp sport }
            oifname "wan" accept
            ct state established,related accept
            ct status dnat accept
          }
          chain prec { type nat hook prerouting priority -100;
            \(destination)
          }
          chain postc { type nat hook postrouting priority 100;
            oifname "wan" masquerade \(self == .symmetric ? "fully-random" : "")
          }
          chain inputc { type filter hook input priority 0; policy accept;
            iifname "wan" ct state new drop
          }
        }

        """
    }

    /// What is let in without an entry of its own.
    private var destination: String {
        let incoming = "iifname \"wan\" meta l4proto udp"
        switch self {
        case .fullCone: return "\(incoming) dnat to udp dport map @fc"
        case .addressRestricted:
            return "\(incoming) ip saddr . udp dport @seen dnat to udp dport map @fc"
        case .open, .portRestricted, .symmetric: return ""
        }
    }

    /// Whether the two can connect without a relay.
    func reaches(_ other: NATKind) -> Bool {
        switch (self, other) {
        case (.symmetric, .symmetric), (.symmetric, .portRestricted), (.portRestricted, .symmetric):
            false
        default: true
        }
    }
}
