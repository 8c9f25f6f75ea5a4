/// All loans of a feed, ordered and apart: of each byte it says which file lends it, if any.
struct LoanTable: Equatable {
    private(set) var loans: [Loan] = []

    /// The loan that has a byte.
    func loan(at byte: UInt64) -> Loan? {
        let index = firstEnding(after: byte)
        guard index < loans.count, loans[index].bytes.contains(byte) else { return nil }
        return loans[index]
    }

    /// Whether any byte of a range is lent.
    func touches(_ range: Range<UInt64>) -> Bool {
        guard !range.isEmpty else { return false }
        let index = firstEnding(after: range.lowerBound)
        return index < loans.count && loans[index].bytes.lowerBound < range.upperBound
    }

    /// Adds loans, in any order but apart from each other; where there were others, these count.
    mutating func add(_ new: [Loan]) {
        let new = new.filter { !$0.bytes.isEmpty }
            .sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
        guard let first = new.first else { return }
        if let last = loans.last, last.bytes.upperBound > first.bytes.lowerBound {
            remove(new.map(\.bytes))
        }
        // Appends come behind everything else; what was there keeps its place otherwise.
        let start = firstEnding(after: first.bytes.lowerBound)
        var rest = loans[start...]
        loans.removeSubrange(start...)
        for loan in new {
            while let next = rest.first, next.bytes.lowerBound < loan.bytes.lowerBound {
                append(next)
                rest.removeFirst()
            }
            append(loan)
        }
        for loan in rest { append(loan) }
    }

    /// Takes ranges out, which are in order.
    mutating func remove(_ ranges: [Range<UInt64>]) {
        guard let first = ranges.first, let last = ranges.last,
            touches(first.lowerBound..<last.upperBound)
        else { return }
        let start = firstEnding(after: first.lowerBound)
        var kept: [Loan] = []
        // The first range that may concern the loan.
        var next = 0
        for loan in loans[start...] {
            while next < ranges.count, ranges[next].upperBound <= loan.bytes.lowerBound {
                next += 1
            }
            var from = loan.bytes.lowerBound
            var index = next
            while index < ranges.count, ranges[index].lowerBound < loan.bytes.upperBound {
                let range = ranges[index]
                if let part = loan.part(from..<max(from, range.lowerBound)) { kept.append(part) }
                from = max(from, range.upperBound)
                index += 1
            }
            if let part = loan.part(from..<max(from, loan.bytes.upperBound)) { kept.append(part) }
        }
        loans.replaceSubrange(start..., with: kept)
    }

    private mutating func append(_ loan: Loan) {
        if let joined = loans.last?.joined(with: loan) {
            loans[loans.count - 1] = joined
        } else {
            loans.append(loan)
        }
    }

    /// Where the first loan is that ends behind a byte.
    private func firstEnding(after byte: UInt64) -> Int {
        var (low, high) = (0, loans.count)
        while low < high {
            let middle = (low + high) / 2
            if loans[middle].bytes.upperBound <= byte { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
