import Foundation

extension Lab {
    /// A file that is nowhere near, from one peer on loopback, against the floor and sshfs.
    func coldReads() throws {
        let floor = floor()
        let source = try folder("cold")
        try makeFile(source + "/file", megabytes: 500)
        let share = try share(source, store: scratch + "/store-cold")
        let bytes = 500.0 * 1_048_576
        var run = 0
        let ours = try median(3) {
            run += 1
            let mountpoint = try folder("mnt-cold-\(run)")
            let process = try mount(
                share.key, at: mountpoint, store: scratch + "/store-cold-reader-\(run)",
                peer: "127.0.0.1:\(share.port)")
            let seconds = try seconds("cat '\(mountpoint)/file' > /dev/null")
            stop(process)
            return seconds
        }
        let rate = bytes / ours
        row(
            "cold sequential, one peer, loopback",
            "\(text(rate / 1e6, 0)) MB/s; \(text(rate / floor)) of the floor", "0.6 of the floor",
            rate >= 0.6 * floor)
        if let theirs = try sshfs(source) {
            row(
                "the same by sshfs",
                "\(text(bytes / theirs / 1e6, 0)) MB/s;"
                    + " we are \(text(theirs / ours)) times as fast", "2 times sshfs",
                theirs / ours >= 2)
        }
        stop(share.process)
    }

    /// Seconds of a cold read through sshfs from an sshd of our own; nil where they are missing.
    private func sshfs(_ source: String) throws -> Double? {
        guard has("sshfs"), FileManager.default.fileExists(atPath: "/usr/sbin/sshd") else {
            print("| sshfs or sshd is not installed: left out | | | |")
            return nil
        }
        let keys = try folder("ssh")
        for name in ["host", "user"] {
            try shell("ssh-keygen -q -t ed25519 -N '' -f '\(keys)/\(name)'")
        }
        try shell("mkdir -p /run/sshd; install -m 600 '\(keys)/user.pub' '\(keys)/authorized'")
        let server = try start(
            [
                "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", "22622", "-h",
                keys + "/host", "-o",
                "ListenAddress=127.0.0.1", "-o", "StrictModes=no", "-o", "UsePAM=no", "-o",
                "AuthorizedKeysFile=\(keys)/authorized", "-o", "PidFile=none",
                "-o", "PermitRootLogin=yes", "-o", "Subsystem=sftp internal-sftp",
            ], until: nil)
        defer { stop(server.process) }
        let mountpoint = try folder("mnt-sshfs")
        let command = [
            "sshfs", "-f", "-p", "22622", "-o", "IdentityFile=\(keys)/user", "-o",
            "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "127.0.0.1:\(source)", mountpoint,
        ]
        return try median(3) {
            let process = try start(command, mountedAt: mountpoint)
            defer { unmount(process, mountpoint) }
            return try seconds("cat '\(mountpoint)/file' > /dev/null")
        }
    }
}
