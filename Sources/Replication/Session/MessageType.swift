/// The low four bits of a frame's header (docs/spec/hypercore-protocol.md section 4). Numbers
/// 11 to 14 are nobody's and ignored.
enum MessageType: UInt8, Sendable {
    case open = 0
    case options = 1
    case status = 2
    case have = 3
    case unhave = 4
    case want = 5
    case unwant = 6
    case request = 7
    case cancel = 8
    case data = 9
    case close = 10
    case `extension` = 15
}
