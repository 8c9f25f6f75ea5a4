import Hypercore

/// Followed feeds keep up with the longest peer (DESIGN.md section 3).
extension Engine {
    /// Asks for what is new. Called whenever a peer has told what it has, or the feed has changed.
    func follow(_ replication: FeedReplication) {
        guard replication.isFollowed, !replication.feed.isWritable else { return }
        guard replication.restsUntil == nil else { return }
        let length = replication.feed.length
        for channel in replication.channels
        where channel.followDemand == nil && channel.remote.length > length {
            guard channel.remote.has(channel.remote.length - 1) else { continue }
            // With its value: the newest block is where every lookup begins. The first one tells
            // what kind of feed it is.
            let last = channel.remote.length - 1
            let blocks = length == 0 && last > 0 ? [0, last] : [last]
            let id = freshDemandID()
            channel.followDemand = id
            demand(
                Demand(.list(blocks), priority: .foreground, timeout: requestTimeout),
                of: replication.feed, id: id, completion: nil)
            if demands[id] == nil { channel.followDemand = nil }
        }
        guard length > replication.wholeUpTo, length <= SchedulerLimits.followWholeBlocksMax
        else { return }
        let rest = replication.wholeUpTo..<length
        replication.wholeUpTo = length
        demand(
            Demand(.blocks(rest), priority: .background), of: replication.feed,
            id: freshDemandID(), completion: nil)
    }
}
