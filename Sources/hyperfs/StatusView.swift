import Node

/// What `hyperfs status` shows people.
struct StatusView {
    let lines: [String]

    init(_ status: JSONValue) {
        let rates = status["rates"]
        let down = Format.size(rates?["receivedPerSecond"]?.number ?? 0)
        let up = Format.size(rates?["sentPerSecond"]?.number ?? 0)
        var lines = [
            "node     process \(status["node"]?["pid"]?.number ?? 0), "
                + Printable.text(status["node"]?["store"]?.string ?? ""),
            "network  \(Printable.text(status["search"]?.string ?? ""))",
            "traffic  down \(down)/s, up \(up)/s",
        ]
        for mount in status["mounts"]?.array ?? [] {
            let key = (mount["key"]?.string ?? "").prefix(8)
            lines.append(
                "mount    \(Printable.text(mount["mountpoint"]?.string ?? ""))  \(key)  "
                    + "v\(mount["version"]?.number ?? 0)"
                    + (mount["writable"]?.bool == true ? "  writable" : ""))
        }
        self.lines = lines
    }
}
