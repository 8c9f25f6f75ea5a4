import HyperCrypto
import Hypercore

/// A view of a store with a name of its own (docs/spec/corestore.md section 3): its default feed
/// is what other programs call the feed of that namespace. Named feeds are not kept apart.
public struct StoreNamespace: Sendable {
    /// The store.
    public let store: Store
    /// The names on the way, joined by `:`.
    public let name: String

    /// The namespace's own feed.
    public func defaultFeed() throws -> Feed { try store.feed(name: name) }

    /// A namespace in this one.
    public func namespace(_ name: String) -> StoreNamespace {
        StoreNamespace(store: store, name: "\(self.name):\(name)")
    }
}

extension Store {
    /// The feed of the store as a whole.
    public func defaultFeed() throws -> Feed { try feed(name: "default") }

    /// A namespace by name.
    public func namespace(_ name: String) -> StoreNamespace {
        StoreNamespace(store: self, name: name)
    }

    /// A namespace by bytes, named by their hexadecimal digits.
    public func namespace(_ bytes: [UInt8]) -> StoreNamespace {
        StoreNamespace(store: self, name: bytes.hex)
    }
}
