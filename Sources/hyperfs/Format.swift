import Glibc

/// Numbers and times for people and for JSON.
enum Format {
    /// `0 B`, `12.3 KiB`, `4.0 GiB`.
    static func size(_ bytes: UInt64) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var value = Double(bytes) / 1024
        var units = ["KiB", "MiB", "GiB", "TiB", "PiB"][...]
        // Not 1024: 1023.96 KiB would print as 1024.0 KiB.
        while value >= 1023.95, units.count > 1 {
            value /= 1024
            units = units.dropFirst()
        }
        return decimal(value) + " " + (units.first ?? "")
    }

    /// One digit after the point.
    static func decimal(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// `0644`: the permission bits as chmod takes them.
    static func mode(_ mode: UInt32) -> String {
        let digits = String(mode & 0o7777, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// RFC 3339 in UTC with milliseconds; a time beyond the year 9999 becomes the last one of it.
    static func rfc3339(milliseconds: UInt64) -> String {
        let time = broken(milliseconds, gmtime_r)
        let rest = pad(Int32(milliseconds % 1000), 3)
        return "\(day(time))T\(clock(time)).\(rest)Z"
    }

    /// Local time for a listing.
    static func local(milliseconds: UInt64) -> String {
        let time = broken(milliseconds, localtime_r)
        return "\(day(time)) \(pad(time.tm_hour)):\(pad(time.tm_min))"
    }

    private typealias Breaker = (UnsafePointer<time_t>, UnsafeMutablePointer<tm>)
        -> UnsafeMutablePointer<tm>?

    private static func broken(_ milliseconds: UInt64, _ breaker: Breaker) -> tm {
        var seconds = time_t(min(milliseconds / 1000, 253_402_300_799))
        var time = tm()
        _ = breaker(&seconds, &time)
        return time
    }

    private static func day(_ time: tm) -> String {
        "\(pad(time.tm_year + 1900, 4))-\(pad(time.tm_mon + 1))-\(pad(time.tm_mday))"
    }

    private static func clock(_ time: tm) -> String {
        "\(pad(time.tm_hour)):\(pad(time.tm_min)):\(pad(time.tm_sec))"
    }

    private static func pad(_ value: Int32, _ width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Spaces in front: numbers in a column.
    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// Spaces behind.
    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
