import HyperCrypto
import TestSupport
import Testing

/// The list under a name in a fixture; a fixture without any vectors proves nothing.
func vectors(_ file: String, _ list: String) throws -> [JSON] {
    let found = try Fixtures.json(file)[list].array
    try #require(!found.isEmpty, "\(file) must have vectors in \(list)")
    return found
}
