import Foundation
import TestSupport
import Testing

/// What `make install` and `make deb` make.
@Suite(.timeLimit(.minutes(3)))
struct PackageTests {
    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The end of the words when it fails; nil when it does not.
    private func fault(_ words: String..., environment: [String: String] = [:]) throws -> String? {
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.currentDirectoryURL = URL(fileURLWithPath: Self.sources)
        // Not what an outer make says to its own.
        process.environment = [
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": folder.path,
            "XDG_RUNTIME_DIR": folder.path,
        ]
        .merging(environment) { $1 }
        let output = folder("output")
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        let handle = FileHandle(forWritingAtPath: output)
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus != 0 else { return nil }
        return try String(contentsOfFile: output, encoding: .utf8).suffix(2000).description
    }

    /// Paths below a folder, without folders.
    private func files(_ folder: String) -> Set<String> {
        let all = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
        return Set(
            all.filter { path in
                let type =
                    try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)")[
                        .type] as? FileAttributeType
                return type != .typeDirectory
            })
    }

    @Test func whatIsInstalledIsUsableAndIsTakenAwayWhole() throws {
        let root = try TemporaryFolder()
        let place = ["PREFIX=\(root("usr"))", "SBINDIR=\(root("sbin"))"]
        #expect(
            try fault("make", "install", "BINARY=\(Command.binary)", place[0], place[1]) == nil)
        let installed = files(root.path)
        for path in [
            "usr/bin/hyperfs", "sbin/mount.hyperfs", "sbin/mount.fuse.hyperfs",
            "usr/share/man/man1/hyperfs-mount.1", "usr/share/man/man8/mount.hyperfs.8",
            "usr/share/bash-completion/completions/hyperfs",
            "usr/share/zsh/site-functions/_hyperfs",
            "usr/share/fish/vendor_completions.d/hyperfs.fish",
        ] {
            #expect(installed.contains(path), "\(path)")
        }
        #expect(try fault(root("usr/bin/hyperfs"), "--version") == nil)
        #expect(
            try fault("bash", "-n", root("usr/share/bash-completion/completions/hyperfs")) == nil)
        #expect(
            try fault(
                "systemd-analyze", "verify", "--user", "--man=no",
                root("usr/lib/systemd/user/hyperfs.service")) == nil)
        #expect(
            try fault(
                "systemd-analyze", "verify", "--man=no",
                root("usr/lib/systemd/system/hyperfs@.service")) == nil)
        #expect(try fault("make", "uninstall", place[0], place[1]) == nil)
        #expect(files(root.path).isEmpty)
    }

    @Test func theDebianPackageInstallsRunsUpgradesAndPurges() throws {
        let folder = try TemporaryFolder()
        for version in ["0.1.0", "0.1.1"] {
            #expect(
                try fault(
                    "Packaging/deb.sh", Command.binary, folder.path,
                    environment: ["VERSION": version, "COMPRESSION": "none"]) == nil)
        }
        let packages = files(folder.path).filter { $0.hasSuffix(".deb") }.sorted()
        #expect(packages.count == 2)
        // A system of nothing but a package database.
        let root = folder("root")
        for path in ["var/lib/dpkg/info", "var/lib/dpkg/updates"] {
            try FileManager.default.createDirectory(
                atPath: "\(root)/\(path)", withIntermediateDirectories: true)
        }
        _ = FileManager.default.createFile(
            atPath: root + "/var/lib/dpkg/status", contents: nil)
        let dpkg = ["dpkg", "--root=\(root)", "--force-script-chrootless", "--force-depends"]
        for package in packages {
            #expect(try fault(dpkg[0], dpkg[1], dpkg[2], dpkg[3], "-i", folder(package)) == nil)
            #expect(try fault(root + "/usr/bin/hyperfs", "--version") == nil)
        }
        #expect(try fault(dpkg[0], dpkg[1], "--verify", "hyperfs") == nil)
        // Keys that nobody else has are not thrown away with a package.
        let store = root + "/var/lib/hyperfs"
        try FileManager.default.createDirectory(
            atPath: store, withIntermediateDirectories: true)
        try Data("key".utf8).write(to: URL(fileURLWithPath: store + "/master_key"))
        #expect(try fault(dpkg[0], dpkg[1], dpkg[2], dpkg[3], "--purge", "hyperfs") == nil)
        let left = files(root).filter { !$0.hasPrefix("var/lib/dpkg/") && !$0.hasPrefix("var/log") }
        #expect(left == ["var/lib/hyperfs/master_key"])
    }
}
