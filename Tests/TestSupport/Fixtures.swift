import Foundation

/// The golden vectors in `Tests/Fixtures`.
public enum Fixtures {
    /// Path of the folder `Tests/Fixtures`, found from this source file.
    public static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path

    /// `path("hypercore/feeds.json")`
    public static func path(_ name: String) -> String { folder + "/" + name }

    /// A vector file: `json("hypercore/feeds.json")`.
    public static func json(_ name: String) throws -> JSON { try JSON.load(path(name)) }
}
