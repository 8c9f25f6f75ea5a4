/// What all connections of a socket hold together, so that many peers cannot do what one may not.
final class UTPMemory {
    /// Bytes that wait for earlier packets.
    var reorderBytes = 0

    var reorderRoom: Int { max(0, Limits.UTP.reorderBytesInAll - reorderBytes) }
}
