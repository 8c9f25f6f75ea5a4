import Glibc

/// One event of inotify.
struct WatchEvent {
    let watch: Int32
    let mask: UInt32
    let name: String?

    /// The events in a buffer that the kernel filled.
    static func all(in buffer: UnsafeRawBufferPointer) -> [WatchEvent] {
        var events: [WatchEvent] = []
        var offset = 0
        let head = MemoryLayout<inotify_event>.size
        while offset + head <= buffer.count {
            let event = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            let end = min(buffer.count, offset + head + Int(event.len))
            let name = buffer[offset + head..<end].prefix { $0 != 0 }
            events.append(
                WatchEvent(
                    watch: event.wd, mask: event.mask,
                    name: event.len == 0 ? nil : String(validating: name, as: UTF8.self)))
            offset = end
        }
        return events
    }
}
