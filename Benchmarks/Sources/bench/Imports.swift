import Foundation

extension Lab {
    /// Import of one big file against b2sum, and of 10 000 small files.
    func imports() throws {
        let big = try folder("big")
        try makeFile(big + "/file", megabytes: 500)
        let bytes = 500.0 * 1_048_576
        try shell("cat '\(big)/file' > /dev/null")
        let b2sum = try median(3) { try seconds("b2sum '\(big)/file'") }
        var store = 0
        let ours = try median(3) {
            store += 1
            return try importSeconds(big, store: scratch + "/store-big-\(store)")
        }
        row(
            "import of one 500 MB file",
            "\(text(bytes / ours / 1e6, 0)) MB/s;"
                + " b2sum \(text(bytes / b2sum / 1e6, 0)) MB/s; ratio \(text(b2sum / ours))",
            "0.8 of b2sum", b2sum / ours >= 0.8)
        let small = try folder("small")
        try makeFiles(small, count: 10_000, bytes: 4096)
        let many = try median(3) {
            store += 1
            return try importSeconds(small, store: scratch + "/store-small-\(store)")
        }
        row("import of 10 000 files of 4 KiB", "\(text(many)) s", "2 s", many <= 2)
    }

    /// From the start of the command to its word that everything is imported and served.
    private func importSeconds(_ folder: String, store: String) throws -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        let share = try share(folder, store: store)
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        stop(share.process)
        return seconds
    }
}
