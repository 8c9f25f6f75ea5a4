import Hypercore

/// What peers say about a feed (docs/spec/hypercore.md 11.2 to 11.8). Throwing drops the peer.
extension Engine {
    func handle(_ message: Message, on channel: FeedChannel) throws {
        switch message {
        case .data(let index, let value, let nodes, let signature):
            let nodes = nodes.map { TreeNode(index: $0.index, hash: $0.hash, size: $0.size) }
            let proof = Proof(nodes: nodes, signature: signature)
            if let value {
                try receive(index, value, proof, on: channel)
            } else {
                try receiveHashes(index, proof, on: channel)
            }
        case .request(let index, let bytes, let hash, let nodes):
            try enqueue(
                .request(channel, index: index, bytes: bytes, hash: hash, nodes: nodes),
                of: channel.peer)
        case .have(let start, let length, let bitfield, let ack):
            guard ack != true else { return try charge(channel.peer, 1) }
            try have(start, length, bitfield, on: channel)
        case .unhave(let start, let length):
            try unhave(start..<start + max(1, length ?? 1), on: channel)
        case .want(let start, let length):
            try charge(channel.peer, 1)
            try wanted(start, length, on: channel)
        case .status(let uploading, let downloading):
            try charge(channel.peer, 1)
            status(uploading, downloading, on: channel)
        case .cancel(let index, _, let hash):
            try charge(channel.peer, 8)
            channel.peer.queue.cancel(channel, index: index, hash: hash)
        case .options(_, let ack):
            try charge(channel.peer, 1)
            channel.wantsAcks = ack ?? false
        case .unwant:
            try charge(channel.peer, 1)
        }
    }

    private func have(
        _ start: UInt64, _ length: UInt64?, _ bitfield: [UInt8]?, on channel: FeedChannel
    ) throws {
        let peer = channel.peer
        guard start < SchedulerLimits.lengthMax, length ?? 1 <= SchedulerLimits.lengthMax else {
            throw SessionError("message", "the peer claims blocks beyond any feed")
        }
        if length == SchedulerLimits.wantBlocks, channel.wantsOutstanding > 0 {
            channel.wantsOutstanding -= 1
        }
        channel.isHopeful = false
        channel.spentDemand = nil
        var work = 1
        if let bitfield {
            var range = start..<start + (length ?? 1)
            if range.count <= 1 {
                // A very old peer: its whole bitfield, and never an answer to a Want.
                channel.answersWants = false
                range = start..<start + SchedulerLimits.wantBlocks
            }
            guard range.count <= SchedulerLimits.wantBlocks else {
                throw SessionError("message", "the peer's bitfield is longer than any Want")
            }
            let bits = try RunLength.decode(bitfield, maxBytes: (range.count + 7) / 8)
            work += 8 + channel.remote.replace(range, with: bits)
        } else {
            work += channel.remote.insert(start..<start + max(1, length ?? 1))
        }
        try charge(peer, work)
        markChanged(channel.replication, content: false)
        auditIfDue(channel)
    }

    private func unhave(_ range: Range<UInt64>, on channel: FeedChannel) throws {
        channel.isHopeful = false
        let work = channel.remote.remove(range)
        try charge(channel.peer, work)
        for block in channel.outstanding.keys where range.contains(block) {
            channel.peer.disappointments += 1
            release(block, of: channel)
            channel.peer.answered(now)
        }
        for block in channel.hashes.keys where range.contains(block) {
            channel.hashes[block] = nil
            unbook(SchedulerLimits.answerBytesMin, from: channel.peer)
            channel.peer.answered(now)
        }
        if let block = channel.audit, range.contains(block) {
            channel.audit = nil
            unbook(SchedulerLimits.answerBytesMin, from: channel.peer)
            channel.peer.answered(now)
        }
        markChanged(channel.replication, content: false)
    }

    private func status(_ uploading: Bool, _ downloading: Bool, on channel: FeedChannel) {
        let resumes = uploading && !channel.remoteUploading
        channel.remoteUploading = uploading
        channel.remoteDownloading = downloading
        if !uploading {
            releaseAll(of: channel)
            channel.wanted = []
            channel.wantsOutstanding = 0
        }
        let feed = channel.replication.feed
        if resumes && !feed.isWritable { want(0, on: channel) }
        markChanged(channel.replication, content: false)
        guard !downloading, feed.isWritable else { return }
        finishOrAudit(channel)
    }

    /// Asks what the peer has in the range of 1048576 blocks that holds a block; once per range.
    func want(_ block: UInt64, on channel: FeedChannel) {
        let number = block / SchedulerLimits.wantBlocks
        guard channel.isOpen, channel.answersWants, channel.remoteUploading,
            channel.wantsOutstanding < SchedulerLimits.wantsOutstandingMax,
            channel.wanted.insert(number).inserted
        else { return }
        channel.wantsOutstanding += 1
        let start = number * SchedulerLimits.wantBlocks
        send(.want(start: start, length: SchedulerLimits.wantBlocks), on: channel)
    }
}
