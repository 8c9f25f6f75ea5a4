import Foundation

extension Lab {
    /// Peak and present resident memory of an idle mount, of streaming, and of a share of 100 000
    /// files.
    func memory() throws {
        let source = try folder("memory")
        try makeFile(source + "/file", megabytes: 500)
        let share = try share(source, store: scratch + "/store-memory")
        let mountpoint = try folder("mnt-memory")
        let process = try mount(
            share.key, at: mountpoint, store: scratch + "/store-memory-reader",
            peer: "127.0.0.1:\(share.port)")
        try shell("ls -l '\(mountpoint)'; sleep 1")
        let idle = resident(process, "VmRSS")
        row("memory of an idle mount", "\(idle) MiB", "64 MiB", idle <= 64)
        try shell("cat '\(mountpoint)/file' > /dev/null")
        let peak = resident(process, "VmHWM")
        row("memory of a streaming mount, peak", "\(peak) MiB", "200 MiB", peak <= 200)
        let served = resident(share.process, "VmHWM")
        row("memory of the sharer of that file, peak", "\(served) MiB", "200 MiB", served <= 200)
        stop(process)
        stop(share.process)
        let many = try folder("many")
        try makeFiles(many, count: 100_000, bytes: 512)
        let big = try self.share(many, store: scratch + "/store-many")
        let hundred = resident(big.process, "VmHWM")
        row("memory of a share of 100 000 files, peak", "\(hundred) MiB", "256 MiB", hundred <= 256)
        stop(big.process)
    }

    /// A field of /proc/<pid>/status in MiB.
    func resident(_ process: Process, _ field: String) -> Int {
        let path = "/proc/\(process.processIdentifier)/status"
        let status = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        for line in status.split(separator: "\n") where line.hasPrefix(field) {
            let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
            return (numbers.first ?? 0) / 1024
        }
        return -1
    }
}
