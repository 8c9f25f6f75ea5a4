import Foundation
import TestSupport
import Testing

/// The web page: who may see it, what it shows, what a drive's own pages cannot do.
@Suite(.timeLimit(.minutes(3)))
struct WebTests {
    /// A store with a drive of a shared folder.
    private func drive(_ fill: (TemporaryFolder) throws -> Void) throws -> (Command, key: String) {
        let command = try Command()
        let folder = try TemporaryFolder()
        try fill(folder)
        let shared = try command.run("share", folder.path, "--once", "--offline", "--json")
        try #require(shared.status == 0, "\(shared.errors)")
        return (command, try #require(shared.json.first)["key"].string)
    }

    private func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func contentAddress(_ page: WebVisit.Answer) throws -> String {
        let start = try #require(page.text.range(of: "http://localhost:"))
        return String(page.text[start.lowerBound...].prefix { $0 != "?" && $0 != "\"" })
    }

    @Test func onlyABrowserWithATicketIsLetIn() async throws {
        let (command, key) = try drive { try write("x", $0("x.txt")) }
        let visit = try await WebVisit(command, "--offline")
        #expect(try visit.get("/").status == 401)
        #expect(try visit.get("/drive/\(key)/").status == 401)
        #expect(try visit.get("/?ticket=00112233445566778899aabbccddeeff").status == 401)
        try visit.enter()
        #expect(try visit.get("/").status == 200)
        #expect(try visit.get(visit.ticket).status == 401, "a ticket is good once")
        // A name that leads here, but is not ours.
        for host in ["evil.example", "localhost:\(visit.host.split(separator: ":")[1])", ""] {
            let answer = try visit.get("/", "--header", "Host: \(host)")
            #expect([400, 421].contains(answer.status), "\(host)")
            #expect(!answer.text.contains(key))
        }
        let page = try visit.get("/")
        #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        #expect(page.headers["content-security-policy"]?.contains("unsafe") == false)
        #expect(page.headers["x-content-type-options"] == "nosniff")
        #expect(page.headers["cache-control"] == "no-store")
        visit.end()
    }

    @Test func aFormOfAnotherPageDoesNothing() async throws {
        let (command, key) = try drive { try write("x", $0("x.txt")) }
        let visit = try await WebVisit(command, "--offline")
        try visit.enter()
        let form = ["--data", "action=seed&target=\(key)&secret="]
        #expect(try visit.get("/do", form).status == 403)
        #expect(
            try visit.get("/do", ["--data", "action=seed&target=\(key)&secret=guess"]).status == 403
        )
        #expect(try visit.get("/do", ["--request", "PUT"]).status == 405)
        #expect(try visit.get("/drive/\(key)/../../x").status >= 400)
        #expect(try visit.get("/%ff").status == 400)
        #expect(try visit.get("/frob").status == 404)
        visit.end()
    }

    @Test func filesAreListedAndServedByRanges() async throws {
        var random = SeededRandom.announced()
        let bytes = (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let name = "a <b>&\"'%23?.bin"
        let (command, key) = try drive { folder in
            try Data(bytes).write(to: URL(fileURLWithPath: folder(name)))
            try FileManager.default.createDirectory(
                atPath: folder("sub"), withIntermediateDirectories: true)
            try write("<b>text", folder("sub/t.txt"))
            try FileManager.default.createSymbolicLink(
                atPath: folder("link"), withDestinationPath: "<i>")
        }
        let visit = try await WebVisit(command, "--offline")
        try visit.enter()
        let list = try visit.get("/drive/\(key)/").text
        #expect(list.contains("a &lt;b&gt;&amp;&quot;&#39;%23?.bin"))
        #expect(list.contains("&lt;i&gt;"))
        #expect(!list.contains("<i>"))
        #expect(list.contains("/drive/\(key)/a%20%3Cb%3E%26%22%27%2523%3F.bin"))
        #expect(try visit.get("/drive/\(key)/sub/t.txt").text.contains("&lt;b&gt;text"))
        let address = try contentAddress(
            visit.get("/drive/\(key)/a%20%3Cb%3E%26%22%27%2523%3F.bin"))
        let whole = try visit.get(address)
        #expect(whole.status == 200)
        #expect(whole.body == bytes)
        let part = try visit.get(address, "--header", "Range: bytes=65530-200000")
        #expect(part.status == 206)
        #expect(part.body == Array(bytes[65530...200_000]))
        #expect(part.headers["content-range"] == "bytes 65530-200000/300000")
        #expect(try visit.get(address, "--header", "Range: bytes=300000-").status == 416)
        let tag = try #require(whole.headers["etag"])
        #expect(try visit.get(address, "--header", "If-None-Match: \(tag)").status == 304)
        let old = try visit.get(
            address, "--header", "Range: bytes=0-1", "--header", "If-Range: \"old\"")
        #expect(old.status == 200)
        let head = try visit.get(address, "--head")
        #expect(head.headers["content-length"] == "300000")
        let download = try visit.get(address + "?download")
        #expect(download.headers["content-disposition"]?.contains("attachment") == true)
        let root = address.components(separatedBy: "/a%20")[0]
        #expect(try visit.get(root + "/none").status == 404)
        #expect(try visit.get(root + "/sub/../x").status == 400)
        #expect(try visit.get(root + "x/sub/t.txt").status == 404)
        #expect(try visit.get(address, "--header", "Host: 127.0.0.1").status == 421)
        visit.end()
    }

    @Test func aRangeOfAForeignDriveFetchesWhatItTouches() async throws {
        var random = SeededRandom.announced()
        let bytes = (0..<8_000_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let sharer = try Command()
        let folder = try TemporaryFolder()
        try Data(bytes).write(to: URL(fileURLWithPath: folder("film.mp4")))
        let share = try RunningCommand(
            sharer,
            [
                "share", folder.path, "--json", "--foreground", "--no-discovery", "--listen",
                "127.0.0.1:0",
            ])
        let ready = try #require(await share.event("ready"))
        let key = ready["key"].string
        let peer = try #require(ready["listen"].array.first?.string)
        let visit = try await WebVisit(
            Command(), "--no-discovery", "--peer", peer)
        try visit.enter()
        let page = try visit.get("/drive/\(key)/film.mp4")
        #expect(page.text.contains("<video"))
        let part = try visit.get(
            contentAddress(page), "--header", "Range: bytes=5000000-5000999")
        #expect(part.body == Array(bytes[5_000_000..<5_001_000]))
        visit.end()
        // What is here is seen from outside once the node has ended.
        var cached = 0
        while cached == 0 {
            let info = try visit.command.run("info", key, "--json", "--offline")
            cached = info.json.first?["cachedBytes"].int ?? 0
        }
        #expect(cached <= 3_000_000)
        #expect(share.end() == 0)
    }

    @Test func theButtonsKeepAndDropTheLocalCopy() async throws {
        let sharer = try Command()
        let folder = try TemporaryFolder()
        try Data(count: 1_000_000).write(to: URL(fileURLWithPath: folder("file.bin")))
        let share = try RunningCommand(
            sharer,
            [
                "share", folder.path, "--json", "--foreground", "--no-discovery", "--listen",
                "127.0.0.1:0",
            ])
        let ready = try #require(await share.event("ready"))
        let key = ready["key"].string
        let peer = try #require(ready["listen"].array.first?.string)
        let visit = try await WebVisit(Command(), "--no-discovery", "--peer", peer)
        try visit.enter()
        let place = "/drive/\(key)/file.bin"
        func cached() throws -> Int {
            let stat = try visit.command.run("stat", key + "/file.bin", "--json")
            return stat.json.first?["cached"].int ?? -1
        }
        func press(_ action: String) throws -> Int {
            let page = try visit.get(place).text
            let secret = try #require(
                page.firstMatch(of: /name="secret"\s+value="([^"]+)"/)?.output.1)
            #expect(page.contains("value=\"\(action)\""), "\(action)")
            return try visit.get(
                "/do", "--data-urlencode", "target=\(key)/file.bin", "--data",
                "action=\(action)&secret=\(secret)&back=\(place)"
            ).status
        }
        #expect(try press("pin") == 303)
        while try cached() < 1_000_000 { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try visit.get(place).text.contains("kept here"))
        #expect(try press("unpin") == 303)
        #expect(try cached() == 1_000_000)
        #expect(try press("evict") == 303)
        #expect(try cached() == 0)
        visit.end()
        #expect(share.end() == 0)
    }

    @Test func aBrowserShowsThePagesAndCagesTheDrive() async throws {
        try #require(
            FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium"),
            "chromium is missing: 'make setup' installs it")
        let (command, key) = try drive { folder in
            try Data(Self.bitmap).write(to: URL(fileURLWithPath: folder("p.bmp")))
            try Data(Self.sound).write(to: URL(fileURLWithPath: folder("s.wav")))
            try write("own data", folder("data.txt"))
            try write(Self.page, folder("index.html"))
        }
        let visit = try await WebVisit(command, "--offline")
        let home = try visit.browse(visit.ticket, picture: "home")
        #expect(home.contains("Drives of this store"))
        #expect(home.contains("/drive/\(key)/"))
        let picture = try await visit.another(key + "/p.bmp")
        #expect(try visit.browse(picture, picture: "picture").contains("<img class=\"preview\""))
        let site = try await visit.another(key)
        let shown = try visit.browse(site, picture: "folder")
        let start = try #require(shown.range(of: "http://localhost:"))
        let address = String(shown[start.lowerBound...].prefix { $0 != "\"" })
        let caged = try visit.browse(address + "?controls=\(visit.origin)", picture: "drive-page")
        for word in ["[picture 8]", "[sound 1]", "[own own data]", "[no cookies]", "[no controls]"]
        {
            #expect(caged.contains(word), "\(word) in \(caged.suffix(600))")
        }
        visit.end()
    }

    /// A drive's page that says what it could do.
    private static let page = """
        <!doctype html><body><script>
        const say = text => document.body.append("[" + text + "]");
        try { say("cookies " + document.cookie); } catch (error) { say("no cookies"); }
        fetch(new URLSearchParams(location.search).get("controls") + "/", {credentials: "include"})
          .then(() => say("controls reached"), () => say("no controls"));
        fetch("data.txt").then(answer => answer.text()).then(text => say("own " + text));
        </script><img src="p.bmp" onload="say('picture ' + this.naturalWidth)">
        <audio src="s.wav" preload="metadata"
          onloadedmetadata="say('sound ' + Math.round(this.duration))"></audio></body>
        """

    /// Eight by eight points.
    private static var bitmap: [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        let head = Array("BM".utf8) + number(54 + 192, 4) + number(0, 4) + number(54, 4)
        let form = number(40, 4) + number(8, 4) + number(8, 4) + number(1, 2) + number(24, 2)
        return head + form + number(0, 24) + (0..<192).map { UInt8($0) }
    }

    /// A second of silence.
    private static var sound: [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        let form =
            number(1, 2) + number(1, 2) + number(8000, 4) + number(8000, 4) + number(1, 2)
            + number(8, 2)
        return Array("RIFF".utf8) + number(36 + 8000, 4) + Array("WAVEfmt ".utf8) + number(16, 4)
            + form + Array("data".utf8) + number(8000, 4) + [UInt8](repeating: 128, count: 8000)
    }
}
