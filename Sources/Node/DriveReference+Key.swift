import HyperCrypto

extension DriveReference {
    /// The key behind what was typed. Throws NodeError `.notFound` for a name that nobody gave.
    func key(in registry: Registry?, of store: String) throws(NodeError) -> PublicKey {
        switch drive {
        case .key(let key): return key
        case .name(let name):
            if let key = registry?.drive(named: name) { return key }
            throw NodeError(
                .notFound, "no drive is called '\(name)' in \(store)",
                hint: "'hyperfs drives' lists the names; --store chooses another store")
        }
    }

    /// The same, for those who have not opened the store.
    public func key(store: String) throws -> PublicKey {
        if case .key(let key) = drive { return key }
        return try key(in: Registry(store: store), of: store)
    }
}
