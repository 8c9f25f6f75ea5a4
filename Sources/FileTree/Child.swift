import Hyperdrive

/// What a tree keeps of a drive's entry.
struct Child: Sendable {
    let name: String
    let stat: Stat
    /// A folder that has no entry of its own. A list does not say how old it is.
    let isImplicit: Bool
    /// The drive that is nested here.
    let nested: Volume.Identity?
    /// What was changed of it and is not committed; nil = it is as the shown version says.
    var item: Item?

    /// `name`: as it was asked for, when that is known.
    init(_ entry: Entry, name: String? = nil) {
        self.name = name ?? entry.name
        stat = entry.stat
        isImplicit = entry.isImplicit
        nested = entry.mount.map { Volume.Identity(key: $0.key, version: $0.version) }
    }

    init(_ item: Item, name: String) {
        self.name = name
        stat = item.stat
        isImplicit = false
        nested = stat.mount.flatMap {
            $0.isHypercore ? nil : Volume.Identity(key: $0.key, version: $0.version)
        }
        self.item = item
    }
}
