/// A size as people type it: `4096`, `64K`, `8M`, `1G` (powers of 1024; `KiB` and `B` are fine).
struct ByteSize: Equatable {
    let bytes: Int

    /// `nil` for what is no size, or more than a machine can hold.
    init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40]
        var unit = text.dropFirst(digits.count).lowercased()
        for suffix in ["ib", "b"] where unit.count > suffix.count && unit.hasSuffix(suffix) {
            unit.removeLast(suffix.count)
        }
        guard let number = Int(digits), let shift = units[unit] else { return nil }
        let (value, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { return nil }
        bytes = value
    }
}
