import Foundation

extension Lab {
    /// Two hosts with 50 ms of round trip between them (Modules/LabNet).
    func latency() throws {
        let roundTrip = 0.050
        let net = try start(
            [labnet, "hfa=10.77.0.1/24,delay=12.5", "hfb=10.77.0.2/24,delay=12.5"], until: "ready")
        defer { stop(net.process) }
        try shell("ip netns exec hfb ping -c 2 -i 0.2 10.77.0.1")
        let source = try folder("far")
        try makeFile(source + "/big", megabytes: 100)
        try makeFiles(source + "/small", count: 500, bytes: 4096)
        let share = try share(
            source, store: scratch + "/store-far", listen: "10.77.0.1:4400", namespace: "hfa")
        let peer = "10.77.0.1:\(share.port)"
        try firstByte(share.key, peer, roundTrip)
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

    private func firstByte(_ key: String, _ peer: String, _ roundTrip: Double) throws {
        var run = 0
        let local = try median(3) {
            // What starting, mounting and reading costs without any network, to be taken off.
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
        let far = try median(3) {
            run += 1
            let start = DispatchTime.now().uptimeNanoseconds
            let (mountpoint, process) = try farMount("first-\(run)", key, peer)
            try shell("head -c 1 '\(mountpoint)/big'")
            let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
            stop(process)
            return seconds
        }
        let trips = (far - local) / roundTrip
        row(
            "mount to first byte at 50 ms",
            "\(text(far * 1000, 0)) ms,"
                + " \(text(local * 1000, 0)) ms of it local: \(text(trips, 1)) round trips",
            "6 round trips", trips <= 6.5)
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
        let trips = result.medianMicroseconds / 1e6 / roundTrip
        row(
            "cold random 64 KiB read at 50 ms, median",
            "\(text(result.medianMicroseconds / 1000, 1)) ms: \(text(trips)) round trips",
            "1.1 round trips", trips <= 1.1)
        stop(process)
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
