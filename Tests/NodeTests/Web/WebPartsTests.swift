import HyperCrypto
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import Node

@Suite(.timeLimit(.minutes(1)))
struct WebPartsTests {
    @Test(
        arguments: [
            ("bytes=0-", 0..<10), ("bytes=0-0", 0..<1), ("bytes=3-5", 3..<6),
            ("bytes=3-99", 3..<10),
            ("bytes=-4", 6..<10), ("bytes=-99", 0..<10), ("bytes=9-", 9..<10),
            ("bytes=0-18446744073709551615", 0..<10),
            ("bytes=0-99999999999999999999999", 0..<10), ("bytes=-99999999999999999999999", 0..<10),
        ] as [(String, Range<UInt64>)])
    func rangesOfTenBytes(header: String, part: Range<UInt64>) {
        #expect(ByteRange(header, size: 10) == .part(part))
    }

    @Test(arguments: [
        nil, "", "bytes", "bytes=", "bytes=-", "bytes=x-1", "bytes=1-x", "lines=1-2",
        "bytes=1-2,4-5", "bytes=5-3", "bytes=+1-2", "bytes= 1-2", "bytes=1--2",
    ])
    func whatIsNoRangeIsTheWhole(header: String?) {
        #expect(ByteRange(header, size: 10) == .whole)
    }

    @Test(arguments: ["bytes=10-", "bytes=11-12", "bytes=-0", "bytes=99999999999999999999999-"])
    func whatIsNotThereIsSaid(header: String) {
        #expect(ByteRange(header, size: 10) == .unsatisfiable)
    }

    @Test func anEmptyFileHasNoParts() {
        #expect(ByteRange("bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange("bytes=-1", size: 0) == .unsatisfiable)
        #expect(ByteRange(nil, size: 0) == .whole)
    }

    @Test func wordsCannotBecomeMarkup() {
        let name = "<script>&\"'\u{1B}[2J\u{7}\u{202E}"
        let page: HTML = "<td title=\"\(name)\">\(HTML.text(name))</td>"
        #expect(
            page.source
                == "<td title=\"&lt;script&gt;&amp;&quot;&#39;\u{FFFD}[2J\u{FFFD}\u{202E}\"><bdi>"
                + "&lt;script&gt;&amp;&quot;&#39;\u{FFFD}[2J\u{FFFD}\u{202E}</bdi></td>")
        let inner: HTML = "<b>\(3 as Int)</b>"
        #expect(("<p>\(inner)</p>" as HTML).source == "<p><b>3</b></p>")
    }

    @Test(arguments: [
        ("/a/film.MKV", "video/x-matroska", MediaType.Kind.film),
        ("/x.html", "text/html; charset=utf-8", .text), ("/b.jpg", "image/jpeg", .picture),
        ("/no end", "application/octet-stream", .other),
        ("/.png", "image/png", .picture), ("/a.png/b", "application/octet-stream", .other),
        ("/a.", "application/octet-stream", .other), ("/s.opus", "audio/ogg", .sound),
    ])
    func mediaTypes(path: String, name: String, kind: MediaType.Kind) {
        #expect(MediaType(of: path).name == name)
        #expect(MediaType(of: path).kind == kind)
    }

    @Test func aTicketIsGoodOnceAndSoon() throws {
        let access = WebAccess()
        let start = NIODeadline.uptimeNanoseconds(1)
        let ticket = access.newTicket(now: start)
        #expect(access.redeem("x" + ticket.dropFirst(), now: start) == nil)
        let session = try #require(access.redeem(ticket, now: start + .minutes(9)))
        #expect(access.redeem(ticket, now: start) == nil)
        #expect(access.session("a=b; \(WebAccess.cookie)=\(session.id)") == session)
        #expect(access.session("\(WebAccess.cookie)=\(session.formSecret)") == nil)
        #expect(access.session(nil) == nil)
        let late = access.newTicket(now: start)
        #expect(access.redeem(late, now: start + .minutes(11)) == nil)
    }

    @Test func whatIsKeptIsBounded() throws {
        let access = WebAccess()
        let now = NIODeadline.uptimeNanoseconds(1)
        var sessions: [WebAccess.Session] = []
        for _ in 0...Limits.webSessionsMax {
            sessions.append(try #require(access.redeem(access.newTicket(now: now), now: now)))
        }
        #expect(access.session("\(WebAccess.cookie)=\(sessions[0].id)") == nil)
        #expect(access.session("\(WebAccess.cookie)=\(sessions[1].id)") != nil)
        let key = PublicKey(Blake2b.hash32([7]))
        let sources = (0...UInt64(Limits.webDrivesMax)).map {
            WebAccess.Source(key: key, version: $0 + 1)
        }
        let secrets = sources.map(access.secret)
        #expect(access.source(of: secrets[0]) == nil)
        #expect(access.source(of: secrets[1]) == sources[1])
        #expect(access.secret(of: sources[1]) == secrets[1])
        #expect(Set(secrets).count == secrets.count)
    }

    @Test func numbersAreReadable() {
        #expect(WebText.size(0) == "0 B")
        #expect(WebText.size(1536) == "1.5 KiB")
        #expect(WebText.size(.max) == "16.0 EiB")
        #expect(WebText.time(milliseconds: 1_600_000_001_234) == "2020-09-13 12:26:41")
        #expect(WebText.time(milliseconds: .max) == "9999-12-31 23:59:59")
    }

    @Test func theGraphEndsAtTheRight() {
        let rates = RateHistory()
        #expect(rates.picture.source.contains("points=\"\""))
        for index in 0..<200 { rates.add(.init(received: UInt64(index), sent: 0)) }
        #expect(rates.picture.source.contains("119,2\""))
        #expect(rates.picture.source.contains("top: 199 B/s"))
    }
}
