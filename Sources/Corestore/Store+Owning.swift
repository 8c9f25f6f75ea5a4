import HyperCrypto

/// Whose feeds these are.
extension Store {
    /// Whether the secrets of this store belong to the feed: opened for writing, it could append.
    /// Looks at the feed's folder only, so that a store opened for reading knows it, too.
    public func owns(_ key: PublicKey) -> Bool {
        guard !folder.isEmpty else { return (try? feed(key: key).isWritable) ?? false }
        let files = FeedFolder(store: folder, key.discoveryKey)
        guard (try? files.key()) == key else { return false }
        if let name = try? files.name() { return masterKey.keyPair(name: name).publicKey == key }
        let secret = try? SmallFile.read(files.path + "/secret_key", max: 64)
        return secret.flatMap { KeyPair(secretKey: $0) }?.publicKey == key
    }
}
