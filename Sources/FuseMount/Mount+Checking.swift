extension Mount {
    /// Whether this machine and this user can mount at all. Throws MountError `.fuseUnavailable`.
    public static func checkSystem() throws { try Mountpoint.checkSystem() }

    /// Whether there is FUSE and the folder can be mounted over, before anything else is done for
    /// a mount. A dead mount of ours is cleared away; returns that it was, for people. Throws
    /// MountError `.fuseUnavailable`, `.mountpointUnusable`.
    @discardableResult
    public static func check(_ mountpoint: String, options: Options) throws -> [String] {
        try Mountpoint(preparing: mountpoint, nonEmpty: options.isOverFiles).notes
    }
}
