/// Where a path leads when drives are nested.
extension Drive {
    /// The drive that holds a path, this one or one nested in it, and the path there. For the
    /// place where a drive is nested it is the outer one. Nothing needs to be at the path.
    ///
    /// Throws `MissingBlocks`, and `DriveError` `.badPath`, `.loop`, `.corrupt`.
    public func place(of path: String) throws -> (drive: Drive, path: String) {
        let key = try DrivePath.key(path)
        return try DriveError.translating(path) {
            let place = try locate(key, enteringLast: false)
            return (place.drive, DrivePath.path(place.inner))
        }
    }
}
