/// Cuts the decrypted input into frames (docs/spec/hypercore-protocol.md section 3).
///
///     varint(length) || varint(channel << 4 | type) || body      a length of 0 is a keep-alive
///
/// Holds what has arrived of one unfinished frame and never more than has arrived: a claimed length
/// allocates nothing. Each byte is copied in once and moved at most once.
struct FrameReader {
    struct Frame: Equatable {
        var channel: UInt64
        /// 0 to 15.
        var type: UInt8
        /// Where the body is in the buffer.
        var body: Range<Int>
    }

    private var buffer: [UInt8] = []
    /// Everything before has been handed out.
    private var head = 0

    /// Bytes of an unfinished frame.
    var count: Int { buffer.count - head }
    /// Memory held.
    var capacity: Int { buffer.capacity }

    /// Takes a chunk in the clear.
    mutating func append(_ chunk: UnsafeRawBufferPointer) {
        makeRoom(for: chunk.count)
        buffer.append(contentsOf: chunk)
    }

    /// Takes a chunk through `decrypt`, which writes a byte for each that it is given, once: the
    /// copy costs no pass of its own.
    mutating func append(
        _ chunk: UnsafeRawBufferPointer,
        decrypt: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Void
    ) {
        makeRoom(for: chunk.count)
        buffer.append(addingCapacity: chunk.count) { output in
            output.withUnsafeMutableBufferPointer { space, count in
                let target = UnsafeMutableRawBufferPointer(space)
                decrypt(chunk, UnsafeMutableRawBufferPointer(rebasing: target[..<chunk.count]))
                count = chunk.count
            }
        }
    }

    private mutating func makeRoom(for count: Int) {
        if head == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= SessionLimits.idleBuffer)
            head = 0
        } else if head > 0, buffer.count + count > buffer.capacity {
            buffer.removeSubrange(..<head)
            head = 0
        }
    }

    /// Gives memory back while nothing is going on.
    mutating func trim() {
        if head == buffer.count {
            buffer = []
            head = 0
        }
    }

    /// The next complete frame; `nil` when more bytes are needed. Keep-alives are skipped.
    mutating func next() throws -> Frame? {
        let (frame, end) = try buffer.withUnsafeBytes { try Self.parse($0, from: head) }
        head = end
        return frame
    }

    /// The bytes of a frame's body, until the next call of `append`.
    func withBody<R>(
        of frame: Frame, _ use: (UnsafeRawBufferPointer) throws -> R
    ) rethrows -> R {
        try buffer.withUnsafeBytes { try use(UnsafeRawBufferPointer(rebasing: $0[frame.body])) }
    }

    /// A frame, if complete, and where parsing continues.
    private static func parse(
        _ bytes: UnsafeRawBufferPointer, from head: Int
    ) throws(SessionError) -> (Frame?, Int) {
        var start = head
        while start < bytes.count, bytes[start] == 0 { start += 1 }
        guard case .value(let claimed, let prefix) = try varint(bytes, at: start, end: bytes.count)
        else { return (nil, start) }
        // Room for the longest header: a first check before the header is here.
        guard claimed <= UInt64(SessionLimits.frameBody + SessionLimits.varintBytes) else {
            throw .frame("a peer announces a frame of \(claimed) bytes")
        }
        let length = Int(claimed)
        guard length > 0 else { throw .frame("a keep-alive is not a single zero") }
        let first = start + prefix
        let end = first + length
        guard
            case .value(let header, let size) = try varint(
                bytes, at: first, end: min(end, bytes.count))
        else {
            guard bytes.count < end else { throw .frame("a frame ends inside its header") }
            return (nil, start)
        }
        guard length - size <= SessionLimits.frameBody else {
            throw .frame("a frame is larger than \(SessionLimits.frameBody) bytes")
        }
        guard header >> 4 < SessionLimits.channelNumber else {
            throw .frame("a peer numbers a channel \(header >> 4)")
        }
        guard end <= bytes.count else { return (nil, start) }
        return (
            Frame(channel: header >> 4, type: UInt8(header & 15), body: first + size..<end), end
        )
    }

    private static func varint(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, end: Int
    ) throws(SessionError) -> Varint.Reading {
        let reading = Varint.read(bytes, at: offset, end: end)
        guard reading != .invalid else { throw .frame("a number in a frame is too large") }
        return reading
    }
}
