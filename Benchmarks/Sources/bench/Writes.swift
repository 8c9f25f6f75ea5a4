import Foundation

/// Writing to an own drive, against bindfs over a folder of the same disk. Each ratio is the
/// median of those of pairs, taken one right after the other.
struct Writes {
    let lab: Lab
    /// The mount of the drive, and its process.
    let ours: String
    let process: Process
    let port: Int
    let key: String
    /// The mount of bindfs; nil where there is none.
    let theirs: String?
    /// A folder of the same disk.
    let local: String

    /// Rates or seconds of runs in pairs.
    struct Pairs {
        var ours: [Double] = []
        var theirs: [Double] = []

        static func median(_ values: [Double]) -> Double {
            values.isEmpty ? .nan : values.sorted()[values.count / 2]
        }

        var ratio: Double { Self.median(zip(ours, theirs).map { $0 / $1 }) }

        func text(_ unit: String, _ digits: Int, of other: String) -> String {
            let our = bench.text(Self.median(ours), digits)
            guard !theirs.isEmpty else { return "\(our) \(unit)" }
            let their = bench.text(Self.median(theirs), digits)
            return "\(our) \(unit); \(other) \(their) \(unit); ratio \(bench.text(ratio))"
        }
    }

    /// Runs the same in both folders, in turns.
    func pairs(_ count: Int, _ other: String?, _ body: (String) throws -> Double) throws -> Pairs {
        var pairs = Pairs()
        for _ in 0..<count {
            pairs.ours.append(try body(ours))
            if let other { pairs.theirs.append(try body(other)) }
        }
        return pairs
    }

    func largeFile() throws {
        let megabytes = 500
        let bytes = Double(megabytes) * 1.048_576
        let rates = try pairs(3, theirs) { folder in
            let file = folder + "/large"
            let seconds = try lab.seconds(
                "dd if=/dev/zero of='\(file)' bs=1M count=\(megabytes) status=none")
            // What is still on its way to the disk must not slow the next run.
            try lab.shell("sync '\(file)'; rm '\(file)'; sync")
            return bytes / seconds
        }
        lab.row(
            "own drive: \(megabytes) MB in one file, to its close",
            rates.text("MB/s", 0, of: "bindfs"), "0.5 of bindfs",
            theirs == nil ? nil : rates.ratio >= 0.5)
        let hash = lab.hashRate() / 1e6
        let synced = try lab.median(3) {
            let file = ours + "/large"
            let seconds = try lab.seconds(
                "dd if=/dev/zero of='\(file)' bs=1M count=\(megabytes) conv=fsync status=none")
            try lab.shell("rm '\(file)'; sync")
            return bytes / seconds
        }
        let our = Pairs.median(rates.ours)
        lab.row(
            "own drive: the same, of the rate of BLAKE2b over it",
            "\(text(hash, 0)) MB/s; ratio \(text(our / hash)); with fsync \(text(synced, 0)) MB/s",
            "0.5 of BLAKE2b", our / hash >= 0.5)
    }

    func manySmallFiles() throws {
        let source = try lab.folder("ten-thousand")
        try lab.makeFiles(source, count: 10_000, bytes: 4096)
        let archive = lab.scratch + "/ten-thousand.tar"
        try lab.shell("tar -C '\(source)' -cf '\(archive)' .")
        let untar = try pairs(3, theirs) { folder in
            try lab.shell("rm -rf '\(folder)/many'; mkdir '\(folder)/many'; sync")
            return try lab.seconds("tar -C '\(folder)/many' -xf '\(archive)'")
        }
        lab.row(
            "own drive: untar of 10 000 files of 4 KiB", untar.text("s", 2, of: "bindfs"), "5 s",
            Pairs.median(untar.ours) <= 5)
        let synced = try lab.seconds("sync '\(ours)/many'")
        lab.row("own drive: sync of their folder after that", "\(text(synced)) s", "", nil)
        let rename = try lab.seconds("mv '\(ours)/many' '\(ours)/moved'")
        let sync = try lab.seconds("sync '\(ours)/moved'")
        lab.row(
            "own drive: rename of a folder of 10 000 files; with its sync",
            "\(text(rename)) s; \(text(rename + sync)) s", "1 s", rename + sync <= 1)
        if let theirs { try lab.shell("mv '\(theirs)/many' '\(theirs)/moved'") }
        let list = try pairs(1, theirs) { folder in
            lab.coldCaches()
            return try lab.seconds("find '\(folder)/moved' -type f -newermt 1990-01-01 | wc -l")
        }
        lab.row(
            "own drive: find over them, with attributes, caches dropped",
            list.text("s", 2, of: "bindfs"), "", nil)
        let remove = try pairs(1, theirs) { try lab.seconds("rm -r '\($0)/moved'") }
        lab.row("own drive: rm -r of them", remove.text("s", 2, of: "bindfs"), "", nil)
    }

    func metadata() throws {
        var rates = [Pairs(), Pairs(), Pairs()]
        for _ in 0..<3 {
            for folder in [ours, theirs].compactMap({ $0 }) {
                let run = try lab.metadata(in: folder + "/ops", count: 3000)
                for (index, rate) in run.enumerated() {
                    if folder == ours {
                        rates[index].ours.append(rate)
                    } else {
                        rates[index].theirs.append(rate)
                    }
                }
            }
        }
        for (rates, name) in zip(rates, ["create", "stat", "unlink"]) {
            lab.row(
                "own drive: \(name), one after the other", rates.text("/s", 0, of: "bindfs"),
                "0.5 of bindfs", theirs == nil ? nil : rates.ratio >= 0.5)
        }
    }

    func clone() throws {
        guard lab.has("git") else { return }
        let source = try lab.folder("repository")
        try lab.makeFiles(source + "/work", count: 5000, bytes: 2000)
        let git = "git -C '\(source)/work' -c user.email=a@b -c user.name=n"
        try lab.shell("\(git) init -q && \(git) add -A && \(git) commit -qm one")
        let seconds = try pairs(3, local) { folder in
            let took = try lab.seconds(
                "git clone -q --no-local '\(source)/work' '\(folder)/clone'")
            try lab.shell("rm -rf '\(folder)/clone'; sync")
            return took
        }
        lab.row(
            "own drive: git clone of 5 000 files", seconds.text("s", 2, of: "on the local disk"),
            "3 times the local disk", seconds.ratio <= 3)
        if let theirs {
            let their = try lab.seconds(
                "git clone -q --no-local '\(source)/work' '\(theirs)/clone'")
            lab.row("the same through bindfs", "\(text(their)) s", "", nil)
        }
    }

    /// From the end of a change until a mount of another store has read it.
    func follower() throws {
        let file = ours + "/seen"
        try content(0).write(to: URL(fileURLWithPath: file))
        let point = try lab.folder("mnt-follower")
        let reader = try lab.mount(
            key, at: point, store: lab.scratch + "/store-follower", peer: "127.0.0.1:\(port)")
        defer { lab.stop(reader) }
        var times: [Double] = []
        for number in 1...51 {
            try content(number).write(to: URL(fileURLWithPath: file))
            let start = DispatchTime.now().uptimeNanoseconds
            while try Data(contentsOf: URL(fileURLWithPath: point + "/seen")) != content(number) {
                if DispatchTime.now().uptimeNanoseconds - start > 10_000_000_000 {
                    throw LabError("the follower never saw change \(number)")
                }
            }
            times.append(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6)
        }
        times.sort()
        lab.row(
            "own drive: a change of a file of 100 kB until another mount reads it, median of 51",
            "\(text(times[25], 0)) ms; slowest \(text(times[50], 0)) ms", "100 ms", times[25] <= 100
        )
    }

    private func content(_ number: Int) -> Data {
        Data(String(format: "%06d", number).utf8)
            + Data(repeating: UInt8(truncatingIfNeeded: number), count: 100_000)
    }
}

extension Lab {
    /// Writing: all of it, or one part.
    func writes(_ part: Substring? = nil) throws {
        let store = scratch + "/store-writes"
        let made = try shell("'\(hyperfs)' create --store '\(store)' --name own")
        let key = made.trimmingCharacters(in: .whitespacesAndNewlines)
        let ours = try folder("mnt-own")
        let port = FreePort.any()
        let process = try mount(
            key, at: ours, store: store, peer: nil, listen: "127.0.0.1:\(port)")
        let below = try folder("below")
        var theirs: String?
        var other: Process?
        if has("bindfs") {
            let point = try folder("mnt-below")
            other = try start(["bindfs", "-f", "--multithreaded", below, point], mountedAt: point)
            theirs = point
        } else {
            print("| bindfs is not installed: writes have nothing to stand against | | | |")
        }
        let writes = Writes(
            lab: self, ours: ours, process: process, port: port, key: key, theirs: theirs,
            local: try folder("local"))
        let parts: [(Substring, () throws -> Void)] = [
            ("untar", writes.manySmallFiles), ("metadata", writes.metadata),
            ("clone", writes.clone), ("large", writes.largeFile), ("follower", writes.follower),
        ]
        for (name, run) in parts where part == nil || part == name { try run() }
        let peak = resident(process, "VmHWM")
        row("memory of the mount, peak, over all of that", "\(peak) MiB", "200 MiB", peak <= 200)
        stop(process)
        if let other, let theirs { unmount(other, theirs) }
    }
}

/// A port that nobody listens on.
enum FreePort {
    static func any() -> Int {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var count = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                guard bind(socket, raw, count) == 0, getsockname(socket, raw, &count) == 0 else {
                    return
                }
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
    }
}
