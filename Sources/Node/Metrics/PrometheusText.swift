/// Numbers in the text form that Prometheus reads (exposition format 0.0.4).
struct PrometheusText: Sendable {
    /// What a family's numbers are.
    enum Kind: String { case counter, gauge, histogram }

    /// One number, and what distinguishes it in its family.
    struct Sample {
        let labels: [(String, String)]
        let value: Double

        init(_ value: Double, _ labels: [(String, String)] = []) {
            self.value = value
            self.labels = labels
        }

        init(_ value: some BinaryInteger, _ labels: KeyValuePairs<String, String> = [:]) {
            self.init(Double(value), labels.map { ($0.key, $0.value) })
        }

        init(seconds value: Double) { self.init(value) }
    }

    private(set) var text = ""

    /// A family: at most one for each name.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        begin(name, kind, help)
        for sample in samples { add(name, sample) }
    }

    /// A family of distributions.
    mutating func add(
        _ name: String, _ help: String, _ samples: [(Histogram.Values, [(String, String)])]
    ) {
        begin(name, .histogram, help)
        for (values, labels) in samples {
            let bounds = Histogram.bounds.map { Self.number($0) } + ["+Inf"]
            for (bound, count) in zip(bounds, values.counts) {
                add(name + "_bucket", Sample(Double(count), labels + [("le", bound)]))
            }
            add(name + "_sum", Sample(values.sum, labels))
            add(name + "_count", Sample(Double(values.counts.last ?? 0), labels))
        }
    }

    private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func add(_ name: String, _ sample: Sample) {
        let labels = sample.labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
        let braces = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
        text += "\(name)\(braces) \(Self.number(sample.value))\n"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(character)
            }
        }.joined()
    }
}
