import Replication

/// The node's numbers for Prometheus: `GET /v1/metrics` on the control socket, `GET /metrics` on
/// the port of `hyperfs node --metrics`.
extension StoreNode {
    /// All of it, as it is now.
    func metrics() async -> String {
        var page = PrometheusText()
        page.add(
            "hyperfs_build_info", .gauge, "The version that runs.",
            [.init(1, ["version": Product.version])])
        addNetwork(to: &page, peers: await engine.peerDetails())
        addBlocks(to: &page, await engine.replicator.totals())
        addMounts(to: &page)
        MetricsRegistry.shared.add(to: &page)
        let process = ProcessNumbers.now()
        page.add(
            "process_resident_memory_bytes", .gauge, "Memory in use.",
            [.init(process.residentBytes)])
        page.add("process_open_fds", .gauge, "Open descriptors.", [.init(process.openFiles)])
        page.add(
            "process_cpu_seconds_total", .counter, "Processor time.",
            [.init(seconds: process.processorSeconds)])
        page.add(
            "process_start_time_seconds", .gauge, "When it began, since 1970.",
            [.init(seconds: started.timeIntervalSince1970.rounded())])
        return page.text
    }

    private func addNetwork(to page: inout PrometheusText, peers: [JSONValue]) {
        let bytes = engine.transferred
        page.add(
            "hyperfs_wire_bytes_total", .counter, "Bytes over the network.",
            [
                .init(bytes.received, ["direction": "received"]),
                .init(bytes.sent, ["direction": "sent"]),
            ])
        page.add(
            "hyperfs_peers", .gauge, "Connections.",
            ["tcp", "utp", "relay"].map { transport in
                let count = peers.count { $0["transport"]?.string == transport }
                return .init(count, ["transport": transport])
            })
    }

    private func addBlocks(to page: inout PrometheusText, _ totals: BlockTotals) {
        let counters: [(String, String, UInt64)] = [
            ("requested", "Blocks asked of peers.", totals.requested),
            ("received", "Blocks that came and verified.", totals.received),
            ("rejected", "Blocks that came and did not verify.", totals.rejected),
            ("sent", "Blocks sent to peers.", totals.sent),
        ]
        for (name, help, count) in counters {
            page.add("hyperfs_blocks_\(name)_total", .counter, help, [.init(count)])
        }
        page.add(
            "hyperfs_block_bytes_total", .counter, "Contents of blocks, without what is around.",
            [
                .init(totals.receivedBytes, ["direction": "received"]),
                .init(totals.sentBytes, ["direction": "sent"]),
            ])
        if let bytes = engine.cache.bytes {
            page.add(
                "hyperfs_cache_bytes", .gauge, "Bytes of other people's files that are here.",
                [.init(bytes)])
        }
    }

    private func addMounts(to page: inout PrometheusText) {
        let loads = mounts.all.map { ($0.mounted.mountpoint, $0.mounted.load) }
        page.add("hyperfs_mounts", .gauge, "Mounts.", [.init(loads.count)])
        page.add(
            "hyperfs_inodes", .gauge, "Files and folders that the kernel knows.",
            loads.map { .init($0.1.nodes, ["mountpoint": $0.0]) })
        page.add(
            "hyperfs_open_handles", .gauge, "Files and folders that programs have open.",
            loads.map { .init($0.1.handles, ["mountpoint": $0.0]) })
        page.add(
            "hyperfs_waiting_operations", .gauge, "Operations that wait for blocks.",
            loads.map { .init($0.1.waiting, ["mountpoint": $0.0]) })
    }
}
