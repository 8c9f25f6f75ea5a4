import Foundation

extension Lab {
    /// Blocks that are here, through the mount, against bindfs over the same file.
    func localReads() throws {
        let source = try folder("local")
        let file = source + "/file"
        try makeFile(file, megabytes: 500)
        let store = scratch + "/store-local"
        let share = try share(source, store: store)
        stop(share.process)
        let ours = try folder("mnt-local")
        let process = try mount(share.key, at: ours, store: store, peer: nil)
        let bindfs = has("bindfs")
        let theirs = try folder("mnt-bindfs")
        var other: Process?
        if bindfs {
            other = try start(
                ["bindfs", "-f", "--no-allow-other", "--multithreaded", source, theirs],
                mountedAt: theirs)
        } else {
            print("| bindfs is not installed: local reads have nothing to stand against | | | |")
        }
        try compare("random 4 KiB direct reads", ours, bindfs ? theirs : nil) {
            try self.reads("random", $0 + "/file", count: 30_000, size: 4096, direct: true)
                .perSecond
        }
        try compare("sequential 1 MiB direct reads", ours, bindfs ? theirs : nil) {
            try self.reads("sequential", $0 + "/file", count: 500, size: 1 << 20, direct: true)
                .perSecond
        }
        try compare("cat (kernel cache dropped before)", ours, bindfs ? theirs : nil) {
            self.coldCaches()
            // The store's and the original's pages come back: both sides read from memory.
            try self.shell("cat '\(store)'/*/*/*/data '\(file)' > /dev/null")
            let seconds = try self.seconds("cat '\($0)/file' > /dev/null")
            return 500 / seconds
        }
        stop(process)
        if let other { unmount(other, theirs) }
    }

    private func compare(
        _ what: String, _ ours: String, _ theirs: String?, _ measure: (String) throws -> Double
    ) throws {
        var ratios: [Double] = []
        var rates: [(Double, Double)] = []
        for _ in 0..<5 {
            let a = try measure(ours)
            let b = try theirs.map { try measure($0) } ?? .nan
            rates.append((a, b))
            ratios.append(a / b)
        }
        let ratio = ratios.sorted()[ratios.count / 2]
        let a = rates.map(\.0).sorted()[2]
        let b = rates.map(\.1).sorted()[2]
        row(
            "local: \(what)", "\(text(a, 0))/s; bindfs \(text(b, 0))/s; ratio \(text(ratio))",
            "at least bindfs", theirs == nil ? nil : ratio >= 1)
    }
}
