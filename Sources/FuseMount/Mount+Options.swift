import Glibc

extension Mount {
    /// How a tree is mounted.
    public struct Options: Sendable {
        /// What /proc/mounts shows as the source: "hyper://<8 hex>...".
        public var source: String
        /// The kernel lets nobody write.
        public var readOnly = true
        /// Other users may look, too.
        public var allowOther = false
        /// Further `-o` options of the kernel and of libfuse.
        public var extra: [String] = []
        /// Threads that answer the kernel.
        public var workers = 4

        /// Read-only, for the mounting user.
        public init(source: String) { self.source = source }
    }
}

extension Mount.Options {
    /// What libfuse is told; `nonempty` is ours.
    var arguments: [String] {
        var options = [
            // libfuse splits options at commas and takes a backslash for an escape.
            "fsname=" + source.replacing("\\", with: "\\\\").replacing(",", with: "\\,"),
            "subtype=hyperfs", readOnly ? "ro" : "rw", "nosuid", "nodev",
        ]
        if allowOther { options.append("allow_other") }
        // The kernel asks for a folder's attributes after each change of its names, to check its
        // mode: in vain where only root may look, whom no mode stops. It checks itself that what
        // is executed may be.
        let isOnlyForRoot = geteuid() == 0 && !allowOther && !extra.contains("allow_root")
        if !isOnlyForRoot { options.append("default_permissions") }
        // The drive decides; and the kernel knows no such option.
        let ours: Set = ["nonempty", "rw", "ro", "suid", "dev", "allow_other"]
        options += extra.filter { !ours.contains($0) }
        return ["hyperfs", "-o", options.joined(separator: ",")]
    }

    var isOverFiles: Bool { extra.contains("nonempty") }
}
