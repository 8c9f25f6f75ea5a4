import ArgumentParser

/// The `-o a,b=c` of mount(8): what is ours, what is the kernel's, what others put there.
struct MountOptionList: Equatable {
    /// Long options of ours that take a value, by their name with `-`.
    private(set) var values: [String: [String]] = [:]
    /// Long options of ours that take none.
    private(set) var flags: Set<String> = []
    /// Passed on.
    private(set) var kernel: [String] = []

    private static let valued: Set<String> = [
        "peer", "listen", "timeout", "readahead", "cache-size", "bootstrap", "limit-up",
        "limit-down", "relay", "store",
    ]
    private static let plain: Set<String> = [
        "offline", "allow-other", "read-only", "owners", "foreground", "no-discovery", "no-dht",
        "no-mainline", "no-mdns", "no-utp", "no-port-mapping", "network", "verbose", "quiet",
    ]
    private static let forKernel: Set<String> = [
        "ro", "noexec", "exec", "nosuid", "suid", "nodev", "dev", "noatime", "atime",
        "relatime", "sync", "async", "dirsync", "allow_root", "default_permissions", "nonempty",
    ]
    private static let ignored: Set<String> = [
        "_netdev", "nofail", "noauto", "auto", "user", "nouser", "users", "owner", "group",
        "defaults", "rw",
    ]

    /// Throws ValidationError for an option that nobody knows.
    init(_ texts: [String]) throws {
        for option in texts.flatMap(Self.split) where !option.isEmpty {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            let ours = name.replacing("_", with: "-")
            if parts.count == 2, Self.valued.contains(ours) {
                values[ours, default: []].append(String(parts[1]))
            } else if parts.count == 1, Self.plain.contains(ours) {
                flags.insert(ours)
            } else if Self.forKernel.contains(name) || name == "max_read" {
                kernel.append(option)
            } else if !Self.ignored.contains(name), !name.hasPrefix("x-"), name != "comment" {
                throw ValidationError("-o \(option): no such mount option")
            }
        }
    }

    /// At commas, except after a backslash.
    static func split(_ text: String) -> [String] {
        var parts = [""]
        var isEscaped = false
        for character in text {
            if isEscaped {
                parts[parts.count - 1].append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }
}
