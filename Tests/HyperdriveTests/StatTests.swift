import HyperCrypto
import Hyperdrive
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct StatTests {
    @Test func statsAreWrittenAndReadAsInTheFixtures() throws {
        let rows = try Fixtures.json("hyperdrive/drives/messages.json")["stats"].array
        #expect(rows.count == 12)
        for row in rows {
            let bytes = try #require([UInt8](hex: row["bytes"].string))
            let stat = try Stat(decoding: bytes)
            #expect(stat.encoded().hex == bytes.hex, "\(row["name"].string)")
            expect(stat, row["decoded"])
        }
    }

    @Test func shortStatsAreRead() throws {
        for row in try Fixtures.json("hyperdrive/drives/messages.json")["rawStats"].array {
            expect(try Stat(decoding: [UInt8](hex: row["bytes"].string) ?? []), row["decoded"])
        }
    }

    private func expect(_ stat: Stat, _ json: JSON) {
        #expect(UInt64(stat.mode) == json["mode"].uint64)
        #expect(UInt64(stat.uid) == json["uid"].uint64)
        #expect(UInt64(stat.gid) == json["gid"].uint64)
        #expect(stat.size == json["size"].uint64)
        #expect(stat.blocks == json["blocks"].uint64)
        #expect(stat.offset == json["offset"].uint64)
        #expect(stat.byteOffset == json["byteOffset"].uint64)
        #expect(stat.mtime == json["mtime"].uint64)
        #expect(stat.ctime == json["ctime"].uint64)
        #expect(stat.linkname == json["linkname"].stringOrNil)
        #expect(stat.mount?.key.hex == json["mount"]["key"].stringOrNil)
        let version = json["mount"]["version"].uint64
        #expect(stat.mount?.version == (version == 0 ? nil : version))
        #expect(stat.mount?.isHypercore ?? false == json["mount"]["hypercore"].bool)
        #expect(stat.mountHash?.hex == json["mount"]["hash"].stringOrNil)
        let attributes = json["metadata"].object
        #expect(stat.attributes.count == attributes.count)
        for (name, value) in stat.attributes {
            #expect(value?.hex == attributes[name]?.stringOrNil)
        }
    }

    @Test func typesAreComparedAsValues() {
        #expect(Stat(mode: 0o120644).kind == .symlink)
        #expect(Stat(mode: 0o100644).kind == .file)
        #expect(Stat(mode: 0o040755).kind == .directory)
        #expect(Stat(mode: 0o140755).kind == .other)
        #expect(Stat(mode: 0o644).kind == .other)
    }

    @Test(arguments: [
        "", "10e807", "08", "0880",  // no mode, cut short
        "08a483022080808080808080" + "40",  // size beyond 2^53
        "08a4830220ffffff7f2801",  // one block for 256 MiB
        "08a483025a040a020102",  // a nested drive's key of two bytes
        "08a48302" + "52" + "8140" + String(repeating: "61", count: 8193),  // a target of 8 KiB
    ])
    func statsThatMakeNoSenseAreRefused(hex: String) throws {
        let bytes = try #require([UInt8](hex: hex))
        let error = #expect(throws: DriveError.self) { try Stat(decoding: bytes) }
        #expect(error?.code == .corrupt)
    }

    @Test func randomBytesNeverCrash() {
        var random = SeededRandom.announced()
        let start: [UInt8] = [0x08, 0xa4, 0x83, 0x02]
        for _ in 0..<2000 {
            let bytes = start + random.bytes(Int.random(in: 0..<60, using: &random))
            if let stat = try? Stat(decoding: bytes),
                let again = try? Stat(decoding: stat.encoded())
            {
                #expect(again.encoded() == stat.encoded())
            }
        }
    }
}
