import NIOCore

extension Limits {
    /// How long the address that `hyperfs web` prints is good for.
    static let webTicketTime: TimeAmount = .minutes(10)
    static let webTicketsMax = 32
    /// Browsers that are let in at once; the one let in first goes.
    static let webSessionsMax = 64
    /// Drives that are served under an address of their own; the oldest address ends.
    static let webDrivesMax = 256
    /// Drives that are kept open for the page.
    static let webOpenDrivesMax = 32
    /// Connections of browsers to each of the two ports.
    static let webClientsMax = 256
    /// Connections to the port of the metrics.
    static let metricsClientsMax = 16
    /// Entries of a folder that are shown.
    static let webEntriesMax = 10_000
    /// Bytes of a text that are shown.
    static let webPreviewBytes = 256 << 10
    /// Bytes of a file in one piece on their way to a browser.
    static let webPieceBytes: UInt64 = 256 << 10
    /// Seconds in the graph.
    static let webSamples = 120
    /// The last time that has four digits of year.
    static let webTimeMax: UInt64 = 253_402_300_799_000
}
