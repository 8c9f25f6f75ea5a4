/// Bounds what files cost that are changed in place or appended to.
///
/// A file is one run of blocks, so that each commit of a change appends all of it, and the drive
/// keeps the old run for its old versions. Each file may do so freely up to a burst, and then at a
/// steady rate; what nobody syncs waits for its turn. What was written whole costs nothing here.
struct Reappends: Sendable {
    private struct Debt: Sendable {
        var bytes: UInt64
        var time: ContinuousClock.Instant

        /// What is left of it.
        func bytes(at now: ContinuousClock.Instant) -> UInt64 {
            let seconds = UInt64(clamping: max(0, (now - time).components.seconds))
            let (paid, overflow) = seconds.multipliedReportingOverflow(
                by: Limits.reappendBytesPerSecond)
            return overflow ? 0 : bytes - min(bytes, paid)
        }
    }

    private var debts: [Place: Debt] = [:]

    /// Notes bytes that were appended again and not written by anybody.
    mutating func note(
        _ bytes: UInt64, at place: Place, _ now: ContinuousClock.Instant = .now
    ) {
        guard bytes >= Limits.reappendNoticedBytes else { return }
        if debts[place] == nil, debts.count >= Limits.reappendedFiles {
            debts = debts.filter { $0.value.bytes(at: now) > Limits.reappendBurstBytes }
            // That many large files at once: the disk is the bound.
            if debts.count >= Limits.reappendedFiles { return }
        }
        let (sum, overflow) = (debts[place]?.bytes(at: now) ?? 0).addingReportingOverflow(bytes)
        debts[place] = Debt(
            bytes: min(overflow ? .max : sum, Limits.reappendDebtBytesMax), time: now)
    }

    /// Whether a file may be appended again, although nobody syncs it.
    func mayAppend(_ place: Place, _ now: ContinuousClock.Instant = .now) -> Bool {
        debts[place].map { $0.bytes(at: now) < Limits.reappendBurstBytes } ?? true
    }
}
