import Foundation

extension Lab {
    /// Two hosts with 50 ms of round trip between them (Modules/LabNet).
    func latency() throws {
        let net = try start(
            [labnet, "hfa=10.77.0.1/24,delay=12.5", "hfb=10.77.0.2/24,delay=12.5"], until: "ready")
        defer { stop(net.process) }
        let roundTrip = try pingSeconds()
        row("round trip between the hosts, by ping", "\(text(roundTrip * 1000, 1)) ms", "", nil)
        let source = try folder("far")
        try makeFile(source + "/big", megabytes: 100)
        try makeFiles(source + "/small", count: 500, bytes: 4096)
        try shell("head -c 4096 '\(source)/big' > '\(source)/note'")
        let share = try share(
            source, store: scratch + "/store-far", listen: "10.77.0.1:4400", namespace: "hfa")
        let peer = "10.77.0.1:\(share.port)"
        let local = try localFirstByte()
        try firstByte("note", "a file of 4 KiB", share.key, peer, local, roundTrip, budget: 6)
        // A block of 64 KiB needs three round trips of a fresh TCP connection by itself (10
        // segments, then 20, then 40): that is TCP's slow start, not the protocol.
        try firstByte("big", "a file of 100 MB", share.key, peer, local, roundTrip, budget: nil)
        try findAndTar(share.key, peer, roundTrip)
        try randomReads(share.key, peer, roundTrip)
        try sequential(share.key, peer)
        stop(share.process)
    }

    private func farMount(
        _ name: String, _ key: String, _ peer: String
    ) throws -> (String, Process) {
        let mountpoint = try folder("mnt-\(name)")
        let process = try mount(
            key, at: mountpoint, store: scratch + "/store-\(name)", peer: peer, namespace: "hfb")
        return (mountpoint, process)
    }

    /// The median of some pings, the first (which asks for the other's address) left out.
    private func pingSeconds() throws -> Double {
        let words = try shell(
            "ip netns exec hfb ping -c 12 -i 0.2 10.77.0.1 | grep -o 'time=[0-9.]*'"
                + " | tail -n +2 | cut -d= -f2 | sort -n | sed -n 6p")
        guard let milliseconds = Double(words) else { throw LabError("ping said '\(words)'") }
        return milliseconds / 1000
    }

    /// What starting, mounting and reading costs without any network, to be taken off.
    private func localFirstByte() throws -> Double {
        var run = 0
        return try median(3) {
            run += 1
            let store = scratch + "/store-near-\(run)"
            let folder = try folder("near-\(run)")
            try makeFiles(folder, count: 1, bytes: 4096)
            let near = try share(folder, store: store)
            stop(near.process)
            let mountpoint = try self.folder("mnt-near-\(run)")
            let start = DispatchTime.now().uptimeNanoseconds
            let process = try mount(near.key, at: mountpoint, store: store, peer: nil)
            try shell("head -c 1 '\(mountpoint)/d0/f0'")
            let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
            stop(process)
            return seconds
        }
    }

    private func firstByte(
        _ name: String, _ what: String, _ key: String, _ peer: String, _ local: Double,
        _ roundTrip: Double, budget: Double?
    ) throws {
        var run = 0
        let far = try median(5) {
            run += 1
            let start = DispatchTime.now().uptimeNanoseconds
            let (mountpoint, process) = try farMount("first-\(name)-\(run)", key, peer)
            try shell("head -c 1 '\(mountpoint)/\(name)'")
            let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
            stop(process)
            return seconds
        }
        let trips = (far - local) / roundTrip
        row(
            "mount to first byte of \(what)",
            "\(text(far * 1000, 0)) ms,"
                + " \(text(local * 1000, 0)) ms of it local: \(text(trips, 1)) round trips",
            budget.map { "\(text($0, 0)) round trips" } ?? "", budget.map { trips <= $0 + 0.5 })
    }

    private func findAndTar(_ key: String, _ peer: String, _ roundTrip: Double) throws {
        let (mountpoint, process) = try farMount("find", key, peer)
        let find = try seconds("find '\(mountpoint)/small' -type f -printf '%s ' | wc -w")
        row(
            "find over 500 unseen files at 50 ms",
            "\(text(find * 1000, 0)) ms: \(text(find / roundTrip, 1)) round trips",
            "10 round trips", find / roundTrip <= 10)
        let tar = try seconds(
            "tar cf /dev/null -C '\(mountpoint)' small; "
                + "tar c -C '\(mountpoint)' small | cat > /dev/null")
        row("tar of them", "\(text(tar)) s", "2 s", tar <= 2)
        stop(process)
    }

    private func randomReads(_ key: String, _ peer: String, _ roundTrip: Double) throws {
        let (mountpoint, process) = try farMount("random", key, peer)
        try shell("head -c 1 '\(mountpoint)/big'")
        let result = try reads("random", mountpoint + "/big", count: 60, size: 65536, direct: false)
        let plain = try plainAnswer(65536)
        let trips = result.medianMicroseconds / 1e6 / roundTrip
        row(
            "cold random 64 KiB read at 50 ms, median",
            "\(text(result.medianMicroseconds / 1000, 1)) ms: \(text(trips)) round trips;"
                + " an answer of 64 KiB on a plain TCP connection \(text(plain * 1000, 1)) ms",
            "1.1 round trips", trips <= 1.1)
        stop(process)
    }

    /// Median seconds of an answer of so many bytes to one byte, on a connection that is warm.
    private func plainAnswer(_ bytes: Int) throws -> Double {
        let me = CommandLine.arguments[0]
        let server = try start(
            [me, "tcp-answer", "4402", "\(bytes)"], until: "listening", namespace: "hfa")
        defer { stop(server.process) }
        let words = try shell("ip netns exec hfb '\(me)' tcp-ask 10.77.0.1 4402 \(bytes) 60")
        guard let seconds = Double(words) else { throw LabError("tcp-ask said '\(words)'") }
        return seconds
    }

    private func sequential(_ key: String, _ peer: String) throws {
        let me = CommandLine.arguments[0]
        let bytes = 100 * 1_048_576
        let sender = try start(
            [me, "tcp-send", "4401", "\(bytes)"], until: "listening", namespace: "hfa")
        let plain = Double(try shell("ip netns exec hfb '\(me)' tcp-receive 10.77.0.1 4401")) ?? 0
        stop(sender.process)
        let (mountpoint, process) = try farMount("sequential", key, peer)
        let took = try seconds("cat '\(mountpoint)/big' > /dev/null")
        let ours = Double(bytes) / took
        row(
            "cold sequential at 50 ms",
            "\(text(ours / 1e6, 1)) MB/s; one plain TCP stream"
                + " \(text(plain / 1e6, 1)) MB/s; ratio \(text(ours / plain))",
            "0.8 of plain TCP", ours / plain >= 0.8)
        stop(process)
    }
}
