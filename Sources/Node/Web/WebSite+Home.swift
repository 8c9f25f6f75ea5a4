import HyperCrypto

/// The first page: what goes on, and what there is.
extension WebSite {
    func home(_ session: WebAccess.Session) async throws -> WebAnswer {
        let store = node.engine.configuration.store
        let known = try await onThread("drives") { try StoredDrive.list(in: store) }
        let rows = known.map { drive -> HTML in
            let address = Self.address(drive.key.hex, "/") + "/"
            let kind = drive.isWritable ? (drive.folder == nil ? "own" : "shared") : "foreign"
            return """
                <tr><td><a href="\(address)">\(HTML.text(drive.shownName.isEmpty ? drive.key.shown
                    : drive.shownName))</a></td><td><code>\(drive.key.shown)</code></td>\
                <td>\(kind)</td><td class="n">\(drive.version)</td><td class="n">\
                \(WebText.size(drive.cachedBytes))</td><td><a href="/share/\(drive.key.hex)">share\
                </a></td></tr>
                """
        }
        return page(
            "Drives",
            """
            <p><form action="/open"><input name="drive" placeholder="key, hyper:// or name" \
            aria-label="drive" required> <button>open</button></form></p>\
            <div id="live">\(try await live(session))</div><h2>Drives of this store</h2>\
            \(Self.table(["drive", "key", "kind", "#version", "#here", ""], rows,
                    empty: "None yet: 'hyperfs share FOLDER' makes one."))
            """, refreshes: true)
    }

    /// The part that is written anew every second.
    func live(_ session: WebAccess.Session) async throws -> HTML {
        let status = await node.status()
        let now = status["rates"]
        let received = now?["receivedPerSecond"]?.number ?? 0
        let sent = now?["sentPerSecond"]?.number ?? 0
        return """
            <p class="big"><span class="down">&darr; \(WebText.size(received))/s</span> \
            <span class="up">&uarr; \(WebText.size(sent))/s</span> &middot; \
            \(status["search"]?.string ?? "")</p>\(graph(status))\
            \(mounts(status, session))\(shares(status, session))\(seeds(status, session))\
            \(peers(status))
            """
    }

    private func graph(_ status: JSONValue) -> HTML {
        """
        \(rates.picture)<small> &middot; received \
        \(WebText.size(status["bytesReceived"]?.number ?? 0)), sent \
        \(WebText.size(status["bytesSent"]?.number ?? 0))</small>
        """
    }

    private func mounts(_ status: JSONValue, _ session: WebAccess.Session) -> HTML {
        let rows = (status["mounts"]?.array ?? []).map { mount -> HTML in
            let place = mount["mountpoint"]?.string ?? ""
            let key = mount["key"]?.string ?? ""
            return """
                <tr><td>\(HTML.text(place))</td><td>\(link(key))</td><td>\
                \(mount["writable"]?.bool == true ? "writable" : "read-only")</td><td class="n">\
                \(mount["version"]?.number ?? 0)</td><td>\
                \(button("unmount", .unmount, place, "/", session))</td></tr>
                """
        }
        return "<h2>Mounts</h2>"
            + Self.table(
                ["folder", "drive", "", "#version", ""], rows,
                empty: "Nothing is mounted: 'hyperfs mount KEY FOLDER'.")
    }

    private func shares(_ status: JSONValue, _ session: WebAccess.Session) -> HTML {
        let rows = (status["shares"]?.array ?? []).map { share -> HTML in
            let folder = share["path"]?.string ?? share["folder"]?.string ?? ""
            return """
                <tr><td>\(HTML.text(folder))</td><td>\(link(share["key"]?.string ?? ""))</td>\
                <td class="n">\(share["version"]?.number ?? 0)</td><td>\
                \(button("stop", .unshare, folder, "/", session))</td></tr>
                """
        }
        guard !rows.isEmpty else { return "" }
        return "<h2>Shared folders</h2>"
            + Self.table(["folder", "drive", "#version", ""], rows, empty: "")
    }

    private func seeds(_ status: JSONValue, _ session: WebAccess.Session) -> HTML {
        let rows = (status["seeds"]?.array ?? []).map { seed -> HTML in
            let key = seed["key"]?.string ?? ""
            return """
                <tr><td>\(link(key))</td><td>\(button("stop", .unseed, key, "/", session))</td></tr>
                """
        }
        guard !rows.isEmpty else { return "" }
        return "<h2>Seeds</h2>" + Self.table(["drive", ""], rows, empty: "")
    }

    private func peers(_ status: JSONValue) -> HTML {
        let rows = (status["peers"]?.array ?? []).map { peer -> HTML in
            let trip = peer["roundTripMicroseconds"]?.number.map { "\($0 / 1000) ms" } ?? ""
            return """
                <tr><td><code>\(peer["address"]?.string ?? "")</code></td><td>\
                \(peer["transport"]?.string ?? "")</td><td>\(peer["origin"]?.string ?? "")</td>\
                <td class="n">\(trip)</td><td class="n">\
                \(WebText.size(peer["bytesReceived"]?.number ?? 0))</td><td class="n">\
                \(WebText.size(peer["bytesSent"]?.number ?? 0))</td></tr>
                """
        }
        return "<h2>Peers</h2>"
            + Self.table(
                ["address", "by", "found", "#round trip", "#received", "#sent"], rows,
                empty: "Nobody is connected.")
    }

    private func link(_ key: String) -> HTML {
        "<a href=\"\(Self.address(key, "/"))/\"><code>\(String(key.prefix(8)))</code></a>"
    }

    /// A form of one button.
    func button(
        _ title: String, _ action: WebAction, _ target: String, _ back: String,
        _ session: WebAccess.Session
    ) -> HTML {
        """
        <form method="post" action="/do"><input type="hidden" name="secret" \
        value="\(session.formSecret)"><input type="hidden" name="target" value="\(target)">\
        <input type="hidden" name="back" value="\(back)"><button name="action" \
        value="\(action.rawValue)">\(title)</button></form>
        """
    }

    /// Columns with a `#` in front are numbers.
    static func table(_ columns: [String], _ rows: [HTML], empty: String) -> HTML {
        guard !rows.isEmpty else { return "<p class=\"empty\">\(empty)</p>" }
        let head = columns.map { name -> HTML in
            name.hasPrefix("#")
                ? "<th class=\"n\">\(String(name.dropFirst()))</th>" : "<th>\(name)</th>"
        }
        return "<table><thead><tr>\(HTML.joined(head))</tr></thead><tbody>"
            + HTML.joined(rows) + "</tbody></table>"
    }
}

extension PublicKey {
    /// The digits that a table shows.
    fileprivate var shown: String { String(hex.prefix(8)) }
}
