import HyperCrypto
import Hypercore

/// Moving the right to write from store to store.
extension Store {
    /// The pair of a feed that this store may write; `nil`: it may not. Looks at the feed's folder
    /// only. Throws `.damaged`, `.io`.
    public func keyPair(of key: PublicKey) throws(StoreError) -> KeyPair? {
        guard !folder.isEmpty else { return nil }
        let files = FeedFolder(store: folder, key.discoveryKey)
        guard try files.key() == key else { return nil }
        var pair: KeyPair?
        if let name = try files.name() {
            pair = masterKey.keyPair(name: name)
        } else if let secret = try SmallFile.read(files.path + "/secret_key", max: 64) {
            pair = KeyPair(secretKey: secret)
        }
        return pair?.publicKey == key ? pair : nil
    }

    /// Whether the pair is kept in a file of the feed, and not made from the master key.
    public func keepsSecret(of key: PublicKey) -> Bool {
        let files = FeedFolder(store: folder, key.discoveryKey)
        return (try? files.name()) == .some(nil) && owns(key)
    }

    /// Takes the right to write a feed over, durably, from its next opening on. Whoever calls has
    /// made sure that nobody else writes with the key, and that its newest state is here: a second
    /// history under one key is the end of a feed.
    ///
    /// Throws `.readOnly`, `.io`, and `.locked` while the feed is open.
    public func adopt(_ pair: KeyPair) throws(StoreError) {
        let key = pair.publicKey
        guard !openFeeds.contains(where: { $0.key == key }) else {
            throw StoreError(.locked, "feed \(key) is in use; close it first")
        }
        try adoptOpen(pair)
    }

    /// The same for a feed that is open: until it is opened the next time it stays one that can
    /// only be read. Who calls sees to it that the store is opened anew before long.
    public func adoptOpen(_ pair: KeyPair) throws(StoreError) {
        guard !isReadOnly, !folder.isEmpty else {
            throw StoreError(.readOnly, "the store \(folder) is open for reading only")
        }
        let key = pair.publicKey
        let files = FeedFolder(store: folder, key.discoveryKey)
        if try files.key() == nil { try files.create(key: key, name: nil) }
        let secret = pair.secretKey.withUnsafeBytes { [UInt8]($0) }
        try SmallFile.replace(files.path + "/secret_key", with: secret, mode: 0o600)
    }
}
