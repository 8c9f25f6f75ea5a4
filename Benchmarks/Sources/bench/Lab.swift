import Foundation

struct LabError: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

/// A scratch folder, the programs under test, and what has to be stopped at the end.
final class Lab {
    let hyperfs: String
    let labnet: String
    let scratch: String
    private var running: [Process] = []
    private var mounts: [String] = []
    private(set) var floorSecondsPerByte = 0.0

    init(hyperfs: String, labnet: String) {
        self.hyperfs = hyperfs
        self.labnet = labnet
        let temporary = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        scratch = temporary + "/hyperfs-bench-\(getpid())"
        try? FileManager.default.createDirectory(
            atPath: scratch, withIntermediateDirectories: true)
    }

    func folder(_ name: String) throws -> String {
        let path = scratch + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// Runs a shell line to its end; throws with its output when it fails.
    @discardableResult
    func shell(_ line: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // A file, not a pipe: a program that stays behind (bindfs) would hold a pipe open for ever.
        let path = scratch + "/output-\(UUID().uuidString)"
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let output = FileHandle(forUpdatingAtPath: path)
        else { throw LabError("cannot write \(path)") }
        defer { try? FileManager.default.removeItem(atPath: path) }
        process.standardOutput = output
        process.standardError = output
        // Foundation takes a process for alive as long as anybody holds a descriptor it inherited,
        // and a file system in the background always does: the shell says its end in a file.
        process.arguments = [
            "-c", "(\(line)\n); echo $? > '\(path).new'; mv '\(path).new' '\(path).end'",
        ]
        defer { try? FileManager.default.removeItem(atPath: path + ".end") }
        try process.run()
        while !FileManager.default.fileExists(atPath: path + ".end") { usleep(500) }
        let end = (try? String(contentsOfFile: path + ".end", encoding: .utf8)) ?? ""
        let status = Int(end.filter(\.isNumber)) ?? -1
        try output.seek(toOffset: 0)
        let text = String(decoding: try output.readToEnd() ?? Data(), as: UTF8.self)
        guard status == 0 else {
            throw LabError("'\(line)' ended with \(status): \(text.suffix(300))")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func has(_ program: String) -> Bool { (try? shell("command -v \(program)")) != nil }

    /// Wall-clock seconds of a shell line.
    func seconds(_ line: String) throws -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        try shell(line)
        return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    }

    /// The median of some runs.
    func median(_ runs: Int, _ body: () throws -> Double) throws -> Double {
        let values = try (0..<runs).map { _ in try body() }.sorted()
        return values[values.count / 2]
    }

    func coldCaches() { _ = try? shell("sync; echo 3 > /proc/sys/vm/drop_caches") }

    /// Starts a program whose standard output is JSON lines; waits for the line with `event`.
    func start(
        _ program: [String], until event: String?, namespace: String? = nil, seconds: Double = 120
    ) throws -> (process: Process, line: [String: Any]) {
        let process = Process()
        let words = (namespace.map { ["nsenter", "--net=/run/netns/\($0)"] } ?? []) + program
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError =
            FileHandle(
                forWritingAtPath: logPath(program)) ?? FileHandle.standardError
        try process.run()
        running.append(process)
        guard let event else { return (process, [:]) }
        var buffer = Data()
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            let chunk = pipe.fileHandleForReading.availableData
            if chunk.isEmpty { throw LabError("\(program) ended before '\(event)'") }
            buffer.append(chunk)
            while let newline = buffer.firstIndex(of: 10) {
                let line = buffer[buffer.startIndex..<newline]
                buffer = Data(buffer[(newline + 1)...])
                if String(decoding: line, as: UTF8.self) == event { return (process, [:]) }
                guard let object = try? JSONSerialization.jsonObject(with: line),
                    let members = object as? [String: Any]
                else { continue }
                if members["event"] as? String == event {
                    pipe.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
                    return (process, members)
                }
            }
        }
        throw LabError("\(program) did not say '\(event)' in \(seconds) s")
    }

    private func logPath(_ program: [String]) -> String {
        let path = scratch + "/log-\(running.count)"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        return path
    }

    /// Shares a folder from a store; the key and the port.
    func share(
        _ folder: String, store: String, listen: String = "127.0.0.1:0", namespace: String? = nil
    ) throws -> (process: Process, key: String, port: Int) {
        let command = [
            hyperfs, "share", folder, "--store", store, "--json", "--foreground", "--once",
            "--listen", listen, "--no-discovery",
        ]
        let (process, line) = try start(command, until: "ready", namespace: namespace)
        guard let key = line["key"] as? String, let addresses = line["listen"] as? [String],
            let port = addresses.compactMap({ Int($0.split(separator: ":").last ?? "") }).first
        else { throw LabError("share said \(line)") }
        return (process, key, port)
    }

    /// Mounts a drive; returns when the folder answers.
    @discardableResult
    func mount(
        _ key: String, at mountpoint: String, store: String, peer: String?,
        listen: String = "127.0.0.1:0", namespace: String? = nil, options: [String] = []
    ) throws -> Process {
        mounts.append(mountpoint)
        let command =
            [hyperfs, "mount", key, mountpoint, "--store", store, "--json", "--foreground"]
            + ["--no-discovery", "--listen", listen]
            + (peer.map { ["--peer", $0] } ?? []) + options
        return try start(command, until: "mounted", namespace: namespace).process
    }

    func stop(_ process: Process) {
        if process.isRunning {
            process.terminate()
            // Not waitUntilExit: see `shell`.
            for _ in 0..<100 where kill(process.processIdentifier, 0) == 0 { usleep(50_000) }
        }
        running.removeAll { $0 === process }
    }

    /// Starts a file system in the foreground (one that goes to the background takes Foundation's
    /// notice of its end along) and waits until it is mounted.
    func start(_ program: [String], mountedAt mountpoint: String) throws -> Process {
        mounts.append(mountpoint)
        let process = try start(program, until: nil).process
        for _ in 0..<100 {
            if (try? shell("mountpoint -q '\(mountpoint)'")) != nil { return process }
            usleep(100_000)
        }
        throw LabError("\(program[0]) does not mount")
    }

    func unmount(_ process: Process, _ mountpoint: String) {
        _ = try? shell("umount '\(mountpoint)'")
        stop(process)
    }

    func cleanUp() {
        for mountpoint in mounts {
            _ = try? shell("mountpoint -q '\(mountpoint)' && umount -l '\(mountpoint)'")
        }
        mounts = []
        for process in running.reversed() { stop(process) }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: scratch)) ?? []
        for name in names { try? FileManager.default.removeItem(atPath: scratch + "/" + name) }
    }

    deinit { try? FileManager.default.removeItem(atPath: scratch) }

    /// A file that does not compress.
    func makeFile(_ path: String, megabytes: Int) throws {
        try shell(
            "openssl enc -aes-128-ctr -nosalt -pass pass:hyperfs -in /dev/zero 2>/dev/null"
                + " | head -c \(megabytes)M > '\(path)'")
    }

    func makeFiles(_ folder: String, count: Int, bytes: Int) throws {
        let content = Data((0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        for i in 0..<count {
            let sub = folder + "/d\(i / 100)"
            if i % 100 == 0 {
                try FileManager.default.createDirectory(
                    atPath: sub, withIntermediateDirectories: true)
            }
            var bytes = content
            withUnsafeBytes(of: i) { bytes.replaceSubrange(0..<8, with: $0) }
            try bytes.write(to: URL(fileURLWithPath: sub + "/f\(i)"))
        }
    }

    /// One row of the table in docs/benchmarks.md.
    func row(_ what: String, _ measured: String, _ budget: String, _ verdict: Bool?) {
        let word = verdict.map { $0 ? "met" : "MISSED" } ?? ""
        print("| \(what) | \(measured) | \(budget) | \(word) |")
        fflush(nil)
    }

    func setFloor(_ value: Double) { floorSecondsPerByte = value }
}

func text(_ value: Double, _ digits: Int = 2) -> String { String(format: "%.\(digits)f", value) }
