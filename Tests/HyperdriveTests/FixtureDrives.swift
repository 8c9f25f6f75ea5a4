import Corestore
import Foundation
import HyperCrypto
import Hyperdrive
import Hypertrie
import TestSupport

/// The stores in `Tests/Fixtures/hyperdrive/drives`.
enum FixtureDrives {
    static let all = ["store-tree", "store-big", "store-old"]

    static func json(_ name: String) throws -> JSON {
        try Fixtures.json("hyperdrive/drives/\(name).json")
    }

    /// The store in place, to be read only.
    static func inPlace(_ name: String) throws -> Store {
        try Store(folder: Fixtures.path("hyperdrive/drives/\(name)"), readOnly: true)
    }

    /// A store that may be written.
    static func copy(_ name: String, into folder: TemporaryFolder) throws -> Store {
        let path = folder(name)
        try FileManager.default.copyItem(
            atPath: Fixtures.path("hyperdrive/drives/\(name)"), toPath: path)
        return try Store(folder: path)
    }

    static func drive(_ store: Store, _ json: JSON) throws -> Drive {
        try Drive(store: store, key: key(json["key"]))
    }

    static func key(_ json: JSON) throws -> PublicKey {
        guard let key = PublicKey(hex: json.string) else {
            throw DriveError(.badPath, "", errno: 0)
        }
        return key
    }
}
