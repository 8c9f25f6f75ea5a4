import Foundation

/// A scratch folder that is deleted with its last owner.
public final class TemporaryFolder: Sendable {
    /// Where it is.
    public let path: String

    /// A new, empty folder.
    public init() throws {
        path = NSTemporaryDirectory() + "hyperfs-test-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A path below the folder.
    public func callAsFunction(_ name: String) -> String { path + "/" + name }
}

/// The environment that the tests were started with.
public enum ProcessEnvironment {
    /// A variable; `nil` where it is not set.
    public static func value(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name]
    }

    /// On CI a test that cannot run for want of root, FUSE or namespaces fails instead of skipping.
    public static var isCI: Bool { value("CI") == "true" }
}
