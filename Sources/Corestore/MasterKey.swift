import Glibc
import HyperCrypto

/// The root secret of a store: the pairs of its named feeds are derived from it
/// (docs/spec/corestore.md sections 1 and 2).
struct MasterKey: Sendable {
    private let secret: SecureBytes

    /// A key that is written nowhere.
    init(_ bytes: Bytes32) {
        secret = SecureBytes(count: SpecLimits.keyBytes) { buffer in
            bytes.withUnsafeBytes { buffer.copyMemory(from: $0) }
        }
    }

    /// The key in `<folder>/master_key`.
    ///
    /// A store without one gets a fresh key, unless it holds feeds: a new key would lock their
    /// owner out of every one of them, so a lost or cut file is an error. Nothing is written
    /// when `readOnly`.
    init(folder: String, readOnly: Bool, random: inout some RandomSource) throws(StoreError) {
        let path = folder + "/master_key"
        let advice =
            "put your copy of it back; without it none of the store's own drives can be changed"
        if let bytes = try SmallFile.read(path, max: 4096) {
            guard let key = Bytes32(bytes) else {
                throw StoreError(
                    .damaged, "\(path) has \(bytes.count) bytes instead of 32; \(advice)")
            }
            self.init(key)
            return
        }
        guard !readOnly else {
            throw StoreError(.notFound, "there is no store in \(folder): it has no master_key")
        }
        guard FeedFolder.all(in: folder).isEmpty else {
            throw StoreError(
                .damaged, "\(path) is missing although the store holds feeds; \(advice)")
        }
        let key = random.bytes32()
        try SmallFile.replace(path, with: key.bytes, mode: 0o600)
        self.init(key)
    }

    /// Keyed BLAKE2b of `decimal(length of namespace) "\n" namespace name`.
    func derive(namespace: String, name: [UInt8]) -> Bytes32 {
        let message = Array("\(namespace.utf8.count)\n\(namespace)".utf8) + name
        let key = secret.withUnsafeBytes { bytes in
            Bytes32(unsafeUninitialized: { $0.copyMemory(from: bytes) })
        }
        return Blake2b.hash32(message, key: key)
    }

    /// The pair of a named feed.
    func keyPair(name: [UInt8]) -> KeyPair {
        KeyPair(seed: derive(namespace: "corestore", name: name))
    }
}
