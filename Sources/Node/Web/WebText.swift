import Foundation

/// Numbers and times as people read them.
enum WebText {
    /// Bytes in powers of 1024.
    static func size(_ bytes: UInt64) -> String {
        if bytes < 1024 { return "\(bytes) B" }
        var value = Double(bytes) / 1024
        var unit = 0
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        while value >= 1023.95, unit + 1 < units.count {
            value /= 1024
            unit += 1
        }
        return String(format: "%.1f %@", value, units[unit])
    }

    /// A day and a time, in UTC.
    static func time(milliseconds: UInt64) -> String {
        let seconds = Double(min(milliseconds, Limits.webTimeMax)) / 1000
        return Date(timeIntervalSince1970: seconds).formatted(
            Date.ISO8601FormatStyle().year().month().day().dateTimeSeparator(.space)
                .time(includingFractionalSeconds: false))
    }
}
