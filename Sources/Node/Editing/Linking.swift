import HyperCrypto
import Hyperdrive

/// `link`: nests a drive at a path.
public struct Linking: Codable, Sendable {
    /// Where; nothing may be there.
    public var path: String
    /// The nested drive, in 64 hexadecimal digits.
    public var key: String
    /// The version that is shown; `nil`: the newest, always.
    public var version: UInt64?

    /// Nests a drive.
    public init(_ path: String, key: PublicKey, version: UInt64?) {
        self.path = path
        self.key = key.hex
        self.version = version
    }

    func plan(_ scene: EditScene) throws -> EditPlan {
        guard let key = PublicKey(hex: key) else {
            throw NodeError(.usage, "'\(key)' is not a key", hint: "a key has 64 digits")
        }
        let place = try scene.place(path)
        guard place.shown != "/" else { throw EditScene.isRoot("another drive") }
        guard place.entry == nil else {
            throw EditScene.exists(place.shown, "choose another path, or remove what is there")
        }
        guard key != place.drive.key || version != nil else {
            throw NodeError(
                .usage, "\(place.shown): a drive cannot contain itself",
                hint: "nest an old version of it: \(key.hex)+VERSION")
        }
        try scene.requireParent(of: path)
        var plan = EditPlan()
        plan.add(
            .mount(
                path: place.path, key: key, version: version,
                stat: .directory(mtime: WallTime.milliseconds)), in: place.drive)
        plan.touchFolder(of: place.path, in: place.drive)
        return plan
    }
}

/// `unlink`: takes a nested drive away; the drive itself stays what it is.
public struct Unlinking: Codable, Sendable {
    /// Where it is nested.
    public var path: String

    /// Takes the drive at a path away.
    public init(_ path: String) { self.path = path }

    func plan(_ scene: EditScene) throws -> EditPlan {
        let place = try scene.existing(path)
        guard let entry = place.entry, entry.mount != nil else {
            throw NodeError(
                .failed, "\(place.shown): no drive is nested there",
                hint: "'hyperfs rm' removes files and folders")
        }
        var plan = EditPlan()
        plan.add(.unmount(path: place.path), in: place.drive)
        plan.touchFolder(of: place.path, in: place.drive)
        return plan
    }
}
