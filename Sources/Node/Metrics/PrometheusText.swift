/// Numbers in the text form that Prometheus reads (exposition format 0.0.4).
struct PrometheusText: Sendable {
    /// What a family's numbers are.
    enum Kind: String { case counter, gauge }

    /// One number, and what distinguishes it in its family.
    struct Sample {
        let labels: KeyValuePairs<String, String>
        let value: Double

        init(_ value: some BinaryInteger, _ labels: KeyValuePairs<String, String> = [:]) {
            self.value = Double(value)
            self.labels = labels
        }

        init(seconds value: Double) {
            self.value = value
            labels = [:]
        }
    }

    private(set) var text = ""

    /// A family: at most one for each name.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for sample in samples {
            let labels = sample.labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
            let braces = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
            text += "\(name)\(braces) \(Self.number(sample.value))\n"
        }
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
