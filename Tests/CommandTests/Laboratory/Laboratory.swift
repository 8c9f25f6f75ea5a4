import Foundation
import TestSupport
import Testing

/// Networks made of namespaces: who may make them.
enum Laboratory {
    /// Whether networks can be made here. On CI they must.
    static var isThere: Bool {
        let isThere =
            Namespace.canBeMade && FileManager.default.isExecutableFile(atPath: "/usr/sbin/nft")
        #expect(
            isThere || !ProcessEnvironment.isCI,
            "no network namespaces: they need root, iproute2 and nftables")
        return isThere
    }
}
