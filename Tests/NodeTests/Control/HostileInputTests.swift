import Foundation
import TestSupport
import Testing

@testable import Node

/// What no client of ours would send, and what no program of ours has written.
@Suite(.timeLimit(.minutes(1)))
struct HostileInputTests {
    @Test(arguments: [
        "", " ", "{", "[", "\"", "\"\\", "\"\\u", "\"\\u12", "\"\\ud800\"", "\"\\ud800\\u0041\"",
        "\"\\udc00\"", "\"\\x\"", "\"\u{1}\"", "-", "+1", "01", "1.", ".5", "1e", "1e999", "--1",
        "tru", "truefalse", "nulll", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}",
        "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{1:2}", "[1]]", "{}{}", "1 2", "'a'", "NaN",
        "Infinity", "\u{FEFF}1", "/**/1",
    ])
    func whatIsNoJSONIsRefused(text: String) {
        #expect(throws: JSONValue.Malformed.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test func bytesThatAreNoTextAreRefused() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0], [0xFF]] {
            #expect(throws: JSONValue.Malformed.self) { try JSONValue(parsing: bytes) }
        }
    }

    @Test func extremesAreReadAsWhatTheyAre() throws {
        func read(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }
        #expect(try read("18446744073709551615") == .number(.max))
        #expect(try read("18446744073709551616") == .decimal(18_446_744_073_709_551_616))
        #expect(try read("-0").double == 0)
        #expect(try read("-1").number == nil)
        #expect(try read(#""\ud83d\ude00\u0000""#) == .string("\u{1F600}\u{0}"))
        let depth = 32
        let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(try read(nested).array?.count == 1)
        #expect(throws: JSONValue.Malformed.self) { try read("[" + nested + "]") }
        let digits = String(repeating: "9", count: 100_000)
        #expect(throws: JSONValue.Malformed.self) { try read(digits) }
    }

    /// Every text that can be read is written and read again as the same value; no text is the end
    /// of the program.
    @Test func damagedTextsAreReadOrRefused() {
        var random = SeededRandom.announced()
        let whole: [UInt8] = Array(
            #"{"drive":"a\u00e9\n","n":[1,-2.5e3,true,null,{"x":{}}],"s":"\ud83d\ude00","o":[[]]}"#
                .utf8)
        let letters = Array("{}[]\",:\\u0123456789eE+-.truefalsn \n".utf8) + [0x00, 0x80, 0xFF]
        var readable = 0
        for _ in 0..<5000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let letter = letters[Int.random(in: 0..<letters.count, using: &random)]
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = letter
                case 1: bytes.insert(letter, at: place)
                case 2 where bytes.count > 1: bytes.remove(at: place)
                default: bytes = Array(bytes.prefix(max(1, place)))
                }
            }
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            readable += 1
            #expect((try? JSONValue(parsing: value.text)) == value)
        }
        #expect(readable > 0)
    }

    @Test func pathsAreDecodedOrRefused() throws {
        let target = try ControlTarget("/v1/a%2Fb/%C3%A9?x=1&y=a+b%26c&z&x=2")
        #expect(target.segments == ["v1", "a/b", "\u{E9}"])
        #expect(target.query == ["x": "2", "y": "a b&c", "z": ""])
        for uri in ["", "v1", "http://x/", "*", "/%", "/%1", "/%zz", "/%ff", "/?%", "/?a=%c3"] {
            #expect(throws: NodeError.self) { try ControlTarget(uri) }
        }
        var random = SeededRandom.announced()
        for _ in 0..<2000 {
            let bytes = (0..<20).map { _ in UInt8.random(in: 0x20...0xFF, using: &random) }
            let text = "/" + String(decoding: bytes, as: UTF8.self)
            let again = try ControlTarget("/" + ControlTarget.encoded(text))
            #expect(again.segments == [text])
            _ = try? ControlTarget(text)
        }
    }

    @Test func membersOfTheWrongKindAreSaid() throws {
        let body: JSONValue = ["t": .number(1), "n": "1", "f": "true", "l": ["a", .number(2)]]
        let request = ControlRequest(
            method: .post, target: try ControlTarget("/?q=-1"), parameters: [:], body: body)
        #expect(throws: NodeError.self) { try request.text("t") }
        #expect(throws: NodeError.self) { try request.text("missing") }
        #expect(throws: NodeError.self) { try request.number("n") }
        #expect(throws: NodeError.self) { try request.number("q") }
        #expect(throws: NodeError.self) { try request.flag("f") }
        #expect(throws: NodeError.self) { try request.texts("l") }
        #expect(try request.texts("missing").isEmpty)
    }

    @Test func whatWasLeftToASuccessorIsTakenOnce() throws {
        let store = try TemporaryFolder()
        #expect(Handover.take(from: store.path)?.version == nil)
        let left = Handover(version: "1", since: 5, mounts: [["mountpoint": "/m"]])
        try left.leave(in: store.path)
        #expect(Handover.isLeft(in: store.path))
        let taken = try #require(Handover.take(from: store.path))
        #expect(taken.version == "1")
        #expect(taken.mounts == left.mounts)
        #expect(!Handover.isLeft(in: store.path))
        let path = store("hyperfs/handover.json")
        for text in ["", "{", "[]", "{}", #"{"version":1,"since":"x","mounts":{}}"#] {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            #expect(Handover.take(from: store.path)?.version == nil)
            #expect(!Handover.isLeft(in: store.path))
        }
    }

    @Test func aStoreOfAnotherFormatIsTold() throws {
        let store = try TemporaryFolder()
        try StoreFormat.check(store.path)
        try StoreFormat.mark(store.path)
        try StoreFormat.check(store.path)
        let path = store("hyperfs/format")
        for text in ["2\n", "99999999999999999999999\n", "x\n", ""] {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            #expect(throws: NodeError.self) { try StoreFormat.check(store.path) }
        }
    }
}
