import Hyperdrive

/// A file whose bytes have to be copied, since they are in another drive.
struct CopyJob: Sendable {
    /// The file.
    let source: Entry
    /// The drive it goes to, and its path there.
    let drive: Drive
    let path: String
    /// Its new description, still without content.
    let stat: Stat
}
