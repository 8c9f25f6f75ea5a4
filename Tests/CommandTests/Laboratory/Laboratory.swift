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

    /// Whether a program of the laboratory is there. On CI it must be.
    static func has(_ isThere: Bool, _ program: String) -> Bool {
        #expect(isThere || !ProcessEnvironment.isCI, "no \(program): .ci/setup.sh installs it")
        return isThere
    }
}
