import Node

/// What `hyperfs status` shows people.
struct StatusView {
    let lines: [String]

    init(_ status: JSONValue) {
        let rates = status["rates"]
        let down = Format.size(rates?["receivedPerSecond"]?.number ?? 0)
        let up = Format.size(rates?["sentPerSecond"]?.number ?? 0)
        let received = Format.size(status["bytesReceived"]?.number ?? 0)
        let sent = Format.size(status["bytesSent"]?.number ?? 0)
        lines =
            [
                "node     process \(status["node"]?["pid"]?.number ?? 0), "
                    + Printable.text(status["node"]?["store"]?.string ?? ""),
                "network  \(Printable.text(status["search"]?.string ?? ""))",
                "traffic  down \(down)/s (\(received)), up \(up)/s (\(sent))",
            ]
            + Self.cache(status["cache"])
            + Self.list(status, "mounts", "mount", Self.mount)
            + Self.waits(status)
            + Self.list(status, "shares", "share", Self.share)
            + Self.list(status, "seeds", "seed", Self.seed)
            + Self.list(status, "peers", "peer", Self.peer)
    }

    /// The same for a window of so many columns and rows: what does not fit is cut.
    func lines(columns: Int, rows: Int) -> [String] {
        var lines = lines.map { line in
            line.count > columns ? String(line.prefix(max(columns - 1, 0))) + ">" : line
        }
        if lines.count > rows, rows > 0 {
            let hidden = lines.count - rows + 1
            lines = lines.prefix(rows - 1) + ["... \(hidden) more"]
        }
        return lines
    }

    private static func list(
        _ status: JSONValue, _ name: String, _ title: String, _ text: (JSONValue) -> String
    ) -> [String] {
        (status[name]?.array ?? []).map {
            title.padding(9) + text($0)
        }
    }

    private static func mount(_ mount: JSONValue) -> String {
        let waiting = mount["waiting"]?.number ?? 0
        return Printable.text(mount["mountpoint"]?.string ?? "") + "  \(key(mount))  "
            + "v\(mount["version"]?.number ?? 0)"
            + (mount["writable"]?.bool == true ? "  writable" : "")
            + (waiting > 0 ? "  \(waiting) waiting for blocks" : "")
    }

    /// What is kept of other people's files, where there is a cap.
    private static func cache(_ cache: JSONValue?) -> [String] {
        guard let limit = cache?["limit"]?.number else { return [] }
        return ["cache    \(Format.size(cache?["bytes"]?.number ?? 0)) of \(Format.size(limit))"]
    }

    /// Files that somebody reads and that are not here yet.
    private static func waits(_ status: JSONValue) -> [String] {
        (status["mounts"]?.array ?? []).flatMap { mount in
            (mount["waitingFor"]?.array ?? []).map { read in
                let seconds = Double(read["milliseconds"]?.number ?? 0) / 1000
                return "waiting".padding(9)
                    + Printable.text(mount["mountpoint"]?.string ?? "")
                    + Printable.text(read["path"]?.string ?? "")
                    + "  \((seconds * 10).rounded() / 10) s"
            }
        }
    }

    private static func share(_ share: JSONValue) -> String {
        Printable.text(share["path"]?.string ?? share["folder"]?.string ?? "")
            + "  \(key(share))  v\(share["version"]?.number ?? 0)"
            + (share["phase"]?.string == "importing" ? "  importing" : "")
            + (share["inPlace"]?.bool == true ? "  in place" : "")
    }

    private static func seed(_ seed: JSONValue) -> String {
        "\(key(seed))  v\(seed["version"]?.number ?? 0)"
    }

    private static func peer(_ peer: JSONValue) -> String {
        let trip = peer["roundTripMicroseconds"]?.number.map { "  \($0 / 1000) ms" } ?? ""
        return Printable.text(peer["address"]?.string ?? "") + "  "
            + (peer["transport"]?.string ?? "") + "/" + (peer["origin"]?.string ?? "") + trip
            + "  down \(Format.size(peer["bytesReceived"]?.number ?? 0))"
            + ", up \(Format.size(peer["bytesSent"]?.number ?? 0))"
    }

    private static func key(_ object: JSONValue) -> String {
        String((object["key"]?.string ?? "").prefix(8))
    }
}

extension String {
    fileprivate func padding(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
