extension Feed {
    /// The one object of a type that goes with this feed, made at first use: what all users of a
    /// layer above share, such as its cache. Lives as long as the feed, so it may not hold it.
    ///
    /// `make` runs under a lock of the feed and may not call it.
    public func companion<T: AnyObject & Sendable>(_ make: () -> T) -> T {
        links.withLock { links in
            if let found = links.companions[ObjectIdentifier(T.self)] as? T { return found }
            let made = make()
            links.companions[ObjectIdentifier(T.self)] = made
            return made
        }
    }
}
