import NIOCore

/// Datagrams to send, written one behind the other into one buffer. Neighbours of one destination
/// and one size (the last may be smaller) form a burst, which the kernel can cut by itself.
struct UTPOutbox {
    struct Burst {
        let destination: Endpoint
        let start: Int
        /// Bytes of all datagrams together.
        var length: Int
        /// Size of each datagram but the last.
        let segment: Int
    }

    private(set) var bytes = ByteBuffer()
    private(set) var bursts: [Burst] = []
    private(set) var datagramCount = 0

    /// What the kernel cuts in one go: 64 KiB with headers, and 64 pieces.
    fileprivate static let burstBytesMax = 64_000
    fileprivate static let burstDatagramsMax = 60

    var isEmpty: Bool { bursts.isEmpty }

    /// Appends a datagram of `size` bytes that `write` fills.
    mutating func append(
        to destination: Endpoint, size: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        let start = bytes.writerIndex
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { space in
            write(UnsafeMutableRawBufferPointer(rebasing: space[..<size]))
            return size
        }
        datagramCount += 1
        if let last = bursts.indices.last, bursts[last].takes(size, destination) {
            bursts[last].length += size
        } else {
            bursts.append(
                Burst(destination: destination, start: start, length: size, segment: size))
        }
    }

    /// The contents, and an empty outbox.
    mutating func take() -> UTPOutbox {
        defer { self = UTPOutbox() }
        return self
    }

    /// Without the first bursts.
    func dropping(_ count: Int) -> UTPOutbox {
        var rest = self
        rest.bursts.removeFirst(count)
        return rest
    }

    /// Each datagram by itself.
    func forEach(_ body: (Endpoint, UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeReadableBytes { all in
            for burst in bursts {
                var start = burst.start
                let end = burst.start + burst.length
                while start < end {
                    let next = min(end, start + burst.segment)
                    body(burst.destination, UnsafeRawBufferPointer(rebasing: all[start..<next]))
                    start = next
                }
            }
        }
    }
}

extension UTPOutbox.Burst {
    fileprivate func takes(_ size: Int, _ destination: Endpoint) -> Bool {
        // A burst ends with its first smaller datagram.
        size <= segment && length % segment == 0 && length + size <= UTPOutbox.burstBytesMax
            && length / segment < UTPOutbox.burstDatagramsMax && destination == self.destination
    }
}
