import FuseMount
import Glibc

/// Mounts that a node left behind which was killed: every access to them fails with "Transport
/// endpoint is not connected".
enum DeadMounts {
    /// Takes away what the last node of the store left mounted and nobody answers for. Returns what
    /// was done, for people. Called with the store's lock held: no other node can be behind them.
    static func clear(of store: String) -> [String] {
        let record = MountRecord(store: store)
        let left = record.read()
        let notes = left.filter(isDead).map { path in
            do {
                try Mount.unmount(path, lazy: true)
                return "\(path) was left mounted by a hyperfs that is gone; unmounted it"
            } catch {
                return "\(path) was left mounted by a hyperfs that is gone: \(error)"
            }
        }
        if !left.isEmpty { record.write([]) }
        return notes
    }

    fileprivate static func isDead(_ path: String) -> Bool {
        var status = statvfs()
        return statvfs(path, &status) != 0 && errno == ENOTCONN
    }
}

extension StoreNode {
    /// What the last node of a store has left mounted and nobody answers for. Takes no lock, and
    /// means something only while no node runs.
    public static func deadMounts(of store: String) -> [String] {
        MountRecord(store: store).read().filter(DeadMounts.isDead)
    }
}
