import NIOCore

/// The nodes that a node knows, many of those near its own id and few of the far ones
/// (docs/spec/dht.md section 6). Bucket `n` holds ids that share exactly `n` leading bits with
/// ours, the last one all that share more: only the bucket that our own id falls into is ever
/// split.
struct DHTRoutingTable {
    /// A node that has answered us.
    struct Entry: Equatable {
        let id: DHTKey
        let address: DHTAddress
        /// When it last answered.
        var heard: NIODeadline
    }

    enum Outcome: Equatable {
        case added
        /// Known at this address; now the youngest of its bucket.
        case refreshed
        /// Known at another address, which keeps the place as long as it answers.
        case conflicting
        /// The bucket is full and may not be split; its oldest members.
        case full(oldest: [Entry])
        /// Too many nodes of one network, or our own id.
        case refused
    }

    let own: DHTKey
    private let bucketSize: Int
    /// Oldest first in each.
    private(set) var buckets: [[Entry]] = [[]]
    private(set) var count = 0

    init(own: DHTKey, bucketSize: Int = Limits.DHT.bucketSize) {
        self.own = own
        self.bucketSize = bucketSize
    }

    /// Takes in a node that has just answered.
    ///
    /// - Parameter isTrusted: whether limits per network do not apply, as for nodes of the
    ///   configuration.
    mutating func add(_ entry: Entry, isTrusted: Bool = false) -> Outcome {
        guard entry.id != own else { return .refused }
        var bucket = bucket(of: entry.id)
        if let index = buckets[bucket].firstIndex(where: { $0.id == entry.id }) {
            guard buckets[bucket][index].address == entry.address else { return .conflicting }
            buckets[bucket].remove(at: index)
            buckets[bucket].append(entry)
            return .refreshed
        }
        guard isTrusted || !isCrowded(entry.address) else { return .refused }
        while buckets[bucket].count >= bucketSize {
            guard bucket == buckets.count - 1 else {
                return .full(oldest: Array(buckets[bucket].prefix(Limits.DHT.oldestAsked)))
            }
            split()
            bucket = self.bucket(of: entry.id)
        }
        buckets[bucket].append(entry)
        count += 1
        return .added
    }

    mutating func remove(_ id: DHTKey) {
        let bucket = bucket(of: id)
        guard let index = buckets[bucket].firstIndex(where: { $0.id == id }) else { return }
        buckets[bucket].remove(at: index)
        count -= 1
    }

    subscript(id: DHTKey) -> Entry? {
        buckets[bucket(of: id)].first { $0.id == id }
    }

    /// Whether a node with this id would find a place without anybody having to go.
    func hasRoom(for id: DHTKey) -> Bool {
        let bucket = bucket(of: id)
        return bucket == buckets.count - 1 || buckets[bucket].count < bucketSize
    }

    func contains(_ address: DHTAddress) -> Bool {
        buckets.contains { $0.contains { $0.address == address } }
    }

    /// The nearest nodes to a key, nearest first.
    func closest(to target: DHTKey, count wanted: Int) -> [Entry] {
        var result: [Entry] = []
        result.reserveCapacity(min(wanted, count))
        // Those that share more bits with the target than we do, then those that share as many as
        // we do, then fewer and fewer: each group is farther than the one before.
        let home = bucket(of: target)
        take(buckets[home], target, wanted, &result)
        if result.count < wanted, home + 1 < buckets.count {
            take(buckets[(home + 1)...].flatMap { $0 }, target, wanted, &result)
        }
        for bucket in buckets[..<home].reversed() where result.count < wanted {
            take(bucket, target, wanted, &result)
        }
        return result
    }

    /// The least recently heard from, longest silence first.
    func stalest(_ wanted: Int, before deadline: NIODeadline) -> [Entry] {
        let silent = buckets.joined().filter { $0.heard < deadline }
        return Array(silent.sorted { $0.heard < $1.heard }.prefix(wanted))
    }

    var entries: some Sequence<Entry> { buckets.joined() }

    private func take(
        _ group: [Entry], _ target: DHTKey, _ wanted: Int, _ result: inout [Entry]
    ) {
        let sorted = group.map { ($0.id.distance(to: target), $0) }.sorted { $0.0 < $1.0 }
        result.append(contentsOf: sorted.prefix(wanted - result.count).map(\.1))
    }

    private func bucket(of id: DHTKey) -> Int {
        min(own.commonPrefix(with: id), buckets.count - 1)
    }

    private mutating func split() {
        let depth = buckets.count - 1
        let all = buckets[depth]
        buckets[depth] = all.filter { own.commonPrefix(with: $0.id) == depth }
        buckets.append(all.filter { own.commonPrefix(with: $0.id) > depth })
    }

    /// Ids cost nothing, addresses do: no network gets more than its share of the table.
    private func isCrowded(_ address: DHTAddress) -> Bool {
        guard !address.isLocal else { return false }
        var near = 0
        var wide = 0
        for entry in entries where entry.address.network16 == address.network16 {
            wide += 1
            if entry.address.network24 == address.network24 { near += 1 }
        }
        return near >= Limits.DHT.tablePerNetwork24
            || wide >= max(Limits.DHT.tablePerNetwork16, count / 10)
    }
}
