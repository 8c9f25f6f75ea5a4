/// Global options may stand before the verb: `hyperfs --store DIR ls KEY`. The parser wants them
/// behind it.
enum ArgumentOrder {
    private static let plain: Set<String> = ["--json", "-v", "-vv", "--verbose", "-q", "--quiet"]

    /// The same arguments, leading global options moved behind the verb.
    static func verbFirst(_ arguments: [String]) -> [String] {
        var leading: [String] = []
        var rest = arguments[...]
        while let first = rest.first {
            if plain.contains(first) || first.hasPrefix("--store=") {
                leading.append(first)
                rest = rest.dropFirst()
            } else if first == "--store", rest.count > 1 {
                leading += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                break
            }
        }
        guard let verb = rest.first, !verb.hasPrefix("-") else { return arguments }
        return [verb] + leading + rest.dropFirst()
    }
}
