import HyperCrypto
import TestSupport
import Testing

@testable import Node

@Suite(.timeLimit(.minutes(1)))
struct DriveReferenceTests {
    private static let hex = String(repeating: "0123456789abcdef", count: 4)
    private var key: DriveReference.Drive {
        get throws { .key(try #require(PublicKey(hex: Self.hex))) }
    }

    @Test(arguments: [
        (hex, nil, "/"), (hex.uppercased(), nil, "/"), (hex + "/", nil, "/"),
        (hex + "/a/b", nil, "/a/b"), (hex + "//a///b//", nil, "/a/b"), (hex + "/./a/.", nil, "/a"),
        (hex + "+7", 7, "/"), (hex + "+7/a%20b", 7, "/a%20b"),
        ("hyper://" + hex, nil, "/"), ("HYPER://" + hex + "+123/docs", 123, "/docs"),
        ("hyper://" + hex + "/a%20b%25", nil, "/a b%"), ("dat://" + hex + "/x", nil, "/x"),
        (hex + "/" + "\u{65E5}\u{672C}", nil, "/\u{65E5}\u{672C}"),
    ])
    func readsKeysURLsVersionsAndPaths(text: String, version: UInt64?, path: String) throws {
        let reference = try DriveReference(text)
        #expect(try reference.drive == key)
        #expect(reference.version == version)
        #expect(reference.path == path)
        #expect(reference.description == text)
    }

    @Test func readsNames() throws {
        let reference = try DriveReference("holiday-2024.photos+3/beach/1.jpg")
        #expect(reference.drive == .name("holiday-2024.photos"))
        #expect(reference.version == 3)
        #expect(reference.path == "/beach/1.jpg")
    }

    @Test func readsZBase32() throws {
        let raw = try #require(Bytes32(hex: Self.hex))
        let text = ZBase32.encode(raw)
        #expect(text.utf8.count == 52)
        #expect(try DriveReference("hyper://\(text)/a").drive == key)
        #expect(try DriveReference(text.uppercased()).drive == key)
        #expect(ZBase32.encode(Bytes32()) == String(repeating: "y", count: 52))
        // The last digit holds one bit of the key and four zeros.
        #expect(ZBase32.decode(String(repeating: "y", count: 51) + "b") == nil)
    }

    @Test func zBase32IsTheSameBothWays() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<100 {
            let key = random.bytes32()
            #expect(ZBase32.decode(ZBase32.encode(key)) == key)
        }
    }

    @Test(arguments: [
        "", "/", "/a", "+3", "hyper://", "hyper://name", String(hex.dropLast()), hex + "0",
        hex + "+", hex + "+x", hex + "+0", hex + "+9007199254740992", hex + "/../a", "-x", ".x",
        "a b", "a:b", "hyper://" + hex + "/%", "hyper://" + hex + "/%zz", "hyper://" + hex + "/%ff",
        hex + "/\0", hex + "/" + String(repeating: "a", count: 5000),
        String(repeating: "n", count: 65), "x\n",
    ])
    func refusesTheRest(text: String) {
        #expect {
            try DriveReference(text)
        } throws: {
            ($0 as? NodeError)?.code == .usage
        }
    }
}
