import Foundation

extension Lab {
    /// Writing to an own drive, against bindfs over a folder of the same disk.
    func writes() throws {
        let store = scratch + "/store-writes"
        let made = try shell("'\(hyperfs)' create --store '\(store)' --name own")
        let ours = try folder("mnt-own")
        let key = made.trimmingCharacters(in: .whitespacesAndNewlines)
        let process = try mount(key, at: ours, store: store, peer: nil)
        let below = try folder("below")
        let theirs = try folder("mnt-below")
        let other =
            has("bindfs")
            ? try start(["bindfs", "-f", "--multithreaded", below, theirs], mountedAt: theirs) : nil
        try manySmallFiles(ours)
        try oneLargeFile(ours, other == nil ? nil : theirs)
        try cloning(ours)
        stop(process)
        if let other { unmount(other, theirs) }
    }

    private func manySmallFiles(_ folder: String) throws {
        let source = try self.folder("ten-thousand")
        try makeFiles(source, count: 10_000, bytes: 4096)
        let archive = scratch + "/ten-thousand.tar"
        try shell("tar -C '\(source)' -cf '\(archive)' .")
        try shell("mkdir '\(folder)/many'")
        let untar = try seconds("tar -C '\(folder)/many' -xf '\(archive)'")
        row("own drive: untar of 10 000 files of 4 KiB", "\(text(untar)) s", "5 s", untar <= 5)
        let rename = try seconds("mv '\(folder)/many' '\(folder)/moved' && sync '\(folder)/moved'")
        row(
            "own drive: rename of a folder of 10 000 files, synced", "\(text(rename)) s", "1 s",
            rename <= 1)
        let remove = try seconds("rm -r '\(folder)/moved'")
        row("own drive: rm -r of them", "\(text(remove)) s", "", nil)
    }

    private func oneLargeFile(_ ours: String, _ theirs: String?) throws {
        func rate(_ folder: String) throws -> Double {
            let line = "dd if=/dev/zero of='\(folder)/large' bs=1M count=500 status=none"
            let seconds = try self.seconds(line)
            // What is still on its way to the disk must not slow the next run.
            try shell("sync '\(folder)/large'; rm '\(folder)/large'")
            return 500 * 1.048_576 / seconds
        }
        let our = try median(3) { try rate(ours) }
        let their = try theirs.map { folder in try median(3) { try rate(folder) } } ?? .nan
        row(
            "own drive: 500 MB in one file, to its close",
            "\(text(our, 0)) MB/s; bindfs \(text(their, 0)) MB/s; ratio \(text(our / their))",
            "0.5 of bindfs", theirs == nil ? nil : our / their >= 0.5)
    }

    private func cloning(_ folder: String) throws {
        guard has("git") else { return }
        let source = try self.folder("repository")
        try makeFiles(source + "/work", count: 5000, bytes: 2000)
        let git = "git -C '\(source)/work' -c user.email=a@b -c user.name=n"
        try shell("\(git) init -q && \(git) add -A && \(git) commit -qm one")
        let local = try seconds("git clone -q --no-local '\(source)/work' '\(source)/copy'")
        let our = try seconds("git clone -q --no-local '\(source)/work' '\(folder)/clone'")
        row(
            "own drive: git clone of 5 000 files",
            "\(text(our)) s; on the local disk \(text(local)) s; ratio \(text(our / local))",
            "3 times the local disk", our <= 3 * local)
    }
}
