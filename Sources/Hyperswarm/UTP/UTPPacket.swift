/// A received uTP packet (docs/spec/utp.md 1). Points into the datagram: good as long as that is.
struct UTPPacket {
    let header: UTPHeader
    /// The bits of the selective acknowledgment; `nil` where there is none.
    private(set) var selectiveAck: UnsafeRawBufferPointer?
    let payload: UnsafeRawBufferPointer

    /// Types of extension blocks.
    enum Extension {
        static let none: UInt8 = 0
        static let selectiveAck: UInt8 = 1
        /// Eight bytes that nobody uses; another length makes the packet invalid.
        static let bits: UInt8 = 2
        /// Of no meaning to anybody, and so skipped by everybody: makes a packet longer.
        static let padding: UInt8 = 0x7f
        /// A packet that begins with a higher type is not taken for uTP at all.
        static let firstMax: UInt8 = 2
    }

    /// Whether a datagram belongs to uTP: by its length, version, kind and first extension.
    static func isUTP(_ datagram: UnsafeRawBufferPointer) -> Bool {
        datagram.count >= UTPHeader.size && datagram[0] & 15 == UTPHeader.version
            && datagram[0] >> 4 <= UTPHeader.Kind.syn.rawValue
            && datagram[1] <= Extension.firstMax
    }

    /// `nil` for what is not uTP, or whose extensions run past its end.
    init?(_ datagram: UnsafeRawBufferPointer) {
        guard Self.isUTP(datagram), let kind = UTPHeader.Kind(rawValue: datagram[0] >> 4) else {
            return nil
        }
        func number16(_ offset: Int) -> UInt16 {
            UInt16(bigEndian: datagram.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        }
        func number32(_ offset: Int) -> UInt32 {
            UInt32(bigEndian: datagram.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        header = UTPHeader(
            kind: kind, connectionID: number16(2), timestamp: number32(4), delay: number32(8),
            window: number32(12), sequence: SequenceNumber(number16(16)),
            acknowledged: SequenceNumber(number16(18)))
        var type = datagram[1]
        var offset = UTPHeader.size
        while type != Extension.none {
            guard offset + 2 <= datagram.count else { return nil }
            let start = offset + 2
            let end = start + Int(datagram[offset + 1])
            guard end <= datagram.count else { return nil }
            if type == Extension.bits, end - start != 8 { return nil }
            if type == Extension.selectiveAck {
                selectiveAck = UnsafeRawBufferPointer(rebasing: datagram[start..<end])
            }
            type = datagram[offset]
            offset = end
        }
        payload = UnsafeRawBufferPointer(rebasing: datagram[offset...])
    }
}
